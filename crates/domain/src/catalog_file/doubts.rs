//! What a catalogue may say and probably does not mean.

use std::collections::HashMap;

use super::*;

/// An item decided on the spot has no more than this.
const ON_THE_SPOT: f64 = 1.0;

pub(super) fn of(versions: &[(String, Item)]) -> Vec<Remark> {
    let mut doubts: Vec<(usize, Remark)> = Vec::new();
    for (index, (place, item)) in versions.iter().enumerate() {
        let mut doubt = |column: &str, what: String| doubts.push((index, Remark::new(place, column, what)));
        about_limits(item, &mut doubt);
        if item.fee_fen.is_some_and(|fee| fee > 0) && item.public.fee_basis.is_none() {
            doubt("fee_basis", "收费未载明依据（行政许可法第五十九条） / a fee that names no basis".to_owned());
        }
        if item.window_decides && !item.hall {
            doubt("window_decides", "窗口可决定，却未进驻大厅 / decided at the window, but not moved into the hall".to_owned());
        }
    }
    doubts.extend(about_versions(versions));
    doubts.sort_by_key(|(index, _)| *index);
    doubts.into_iter().map(|(_, doubt)| doubt).collect()
}

fn about_limits(item: &Item, doubt: &mut impl FnMut(&str, String)) {
    let promised = item.promised_limit.stated();
    if let (Some(promised), Some(statutory)) = (promised, item.statutory_limit.stated()) {
        if is_longer(promised, statutory) {
            let what = format!("承诺时限 {promised} 长于法定时限 {statutory} / the promise is longer than the statutory limit");
            doubt("promised_limit", what);
        } else if promised == statutory && item.form == Form::Committed {
            let what =
                format!("承诺时限等于法定时限 {statutory}，没有压缩 / the promise is the statutory limit: nothing is promised");
            doubt("promised_limit", what);
        }
    }
    if let Some(promised) = promised {
        if item.form == Form::Immediate && working_days(promised) > ON_THE_SPOT {
            doubt("promised_limit", format!("即办件，承诺时限却为 {promised} / an immediate item with a limit of {promised}"));
        }
        // Steps may run side by side, so only one by itself can be too long.
        for (step, limit) in item.step_limits.iter().filter(|(_, limit)| is_longer(*limit, promised)) {
            let what =
                format!("环节 {step} 的时限 {limit} 长于承诺时限 {promised} / the step {step} has longer than the promise");
            doubt("step_limits", what);
        }
    }
}

/// Versions have a first day only, so each ends where the next begins; what can be wrong is a version from
/// the beginning that ought to have a day, and one that changes nothing.
fn about_versions(versions: &[(String, Item)]) -> Vec<(usize, Remark)> {
    let mut by_code: HashMap<&Text, Vec<usize>> = HashMap::new();
    for (index, (_, item)) in versions.iter().enumerate() {
        by_code.entry(&item.code).or_default().push(index);
    }
    let mut doubts = Vec::new();
    for mut indices in by_code.into_values().filter(|indices| indices.len() > 1) {
        indices.sort_by_key(|index| versions[*index].1.valid_from);
        let (place, first) = &versions[indices[0]];
        if first.valid_from == FROM_THE_BEGINNING {
            let what = "事项有多个版本，首个版本没有生效日期 / of several versions the first has no day from which it is valid";
            doubts.push((indices[0], Remark::new(place, "valid_from", what)));
        }
        for pair in indices.windows(2) {
            let ((_, before), (place, version)) = (&versions[pair[0]], &versions[pair[1]]);
            if (Item { valid_from: before.valid_from, ..version.clone() }) == *before {
                let what =
                    format!("与 {} 起的版本内容相同 / the same as the version from {}", before.valid_from, before.valid_from);
                doubts.push((pair[1], Remark::new(place, "valid_from", what)));
            }
        }
    }
    doubts
}

/// Whether one limit is longer than another on any calendar: limits of different units are compared roughly.
fn is_longer(one: Limit, other: Limit) -> bool {
    match one.unit == other.unit {
        true => one.amount > other.amount,
        false => working_days(one) > working_days(other) * 1.1,
    }
}

/// About so many working days.
fn working_days(limit: Limit) -> f64 {
    let amount = f64::from(limit.amount);
    match limit.unit {
        Unit::WorkingDays => amount,
        Unit::CalendarDays => amount * 5.0 / 7.0,
        Unit::WorkingHours => amount / 7.0,
        Unit::Months => amount * 21.0,
        Unit::Years => amount * 250.0,
    }
}

//! Joint approval (并联审批): one project, several departments at the same time.
//!
//! A project is the set of its cases. It has a clock of its own: forty-five working days from the first
//! acceptance to the last decision (行政许可法 arts. 26, 42). That clock stands still for nobody: while one case
//! waits for a hearing the others go on, and the project ends with the last of them.
//!
//! This is across cases, so nothing that derives single cases runs it; it is asked for over the cases of a project.

use crate::{
    Assessment, CaseEvents, Clock, ClockKind, Instant, Limit, Rules, Text, Uncovered, assess,
    assess::LimitState,
    clock::{Allowance, ClockRules, ClockSpan},
    counting::{Position, Scale},
};

/// What supervision says about one project. Days are working days; the day in progress is charged whole where
/// days are counted, as everywhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// When the first of its cases was accepted.
    pub started_at: Instant,
    /// When the last of its cases was decided; none while any is open.
    pub ended_at: Option<Instant>,
    /// State against the forty-five days.
    pub limit: LimitState,
    /// How many cases were accepted.
    pub cases: usize,
    /// How many of them are open.
    pub open: usize,
    /// Days from the start to the end, or to the instant asked for.
    pub span_days: f64,
    /// Days of all cases added up, their special procedures included.
    pub sum_days: f64,
    /// Sum against span: how many cases were under way at a time. 1 is one after the other without a gap, below 1
    /// nobody was at work for a part of it. None where the span is nothing.
    pub parallelism: Option<f64>,
    /// The cases that fix the span, in sequence.
    pub critical_path: Vec<PathCase>,
    /// What each department took, the most first.
    pub departments: Vec<DepartmentShare>,
}

/// A case on the critical path. Its days and those waited before it, over the whole path, are the span.
#[derive(Debug, Clone, PartialEq)]
pub struct PathCase {
    /// The case.
    pub case_no: Text,
    /// Whose it is.
    pub department: Option<Text>,
    /// When it was accepted.
    pub accepted_at: Instant,
    /// When it was decided; none while it is open.
    pub ended_at: Option<Instant>,
    /// Days between the end of the case before (at first, the start of the project) and its acceptance.
    pub waited_days: f64,
    /// Days from its acceptance to its end.
    pub days: f64,
}

/// What a department took of a project.
#[derive(Debug, Clone, PartialEq)]
pub struct DepartmentShare {
    /// The department, where the cases name one.
    pub department: Option<Text>,
    /// How many cases.
    pub cases: usize,
    /// Net days used, added up: time of special procedures is not the department's.
    pub days: f64,
    /// Of the net days of all. None where those are none.
    pub share: Option<f64>,
}

/// An accepted case from its acceptance to its end.
struct Course<'a> {
    case: &'a Assessment,
    accepted_at: Instant,
    ended_at: Option<Instant>,
    /// The end, or the instant asked for.
    until: Instant,
    from_position: Position,
    until_position: Position,
}

impl<'a> Course<'a> {
    fn of(case: &'a Assessment, scale: &Scale<'_>, as_of: Instant) -> Option<Result<Self, Uncovered>> {
        let accepted_at = case.accepted_at?;
        let ended_at = case.decided_at.into_iter().chain(case.closed_at).min().map(|at| at.max(accepted_at));
        let until = ended_at.unwrap_or(as_of).max(accepted_at);
        let positions = scale.charged_position(accepted_at).and_then(|from| Ok((from, scale.charged_position(until)?)));
        let course = |(from_position, until_position)| Self { case, accepted_at, ended_at, until, from_position, until_position };
        Some(positions.map(course))
    }
}

impl Project {
    /// What is to be said of the project with this number at an instant: of all cases given, those count whose
    /// acceptance names it by then. None where none was accepted.
    ///
    /// # Errors
    /// The calendar does not cover a part of it.
    pub fn numbered<'a>(
        number: &str,
        cases: impl IntoIterator<Item = &'a CaseEvents>,
        rules: &Rules<'_>,
        as_of: Instant,
    ) -> Result<Option<Self>, Uncovered> {
        let assessed = cases.into_iter().filter_map(|case| assess(case, rules, as_of));
        let its_own: Vec<Assessment> = assessed.filter(|case| case.project.as_deref() == Some(number)).collect();
        Self::of(&its_own, rules, as_of)
    }

    /// What is to be said of the project these cases make, assessed as of the same instant. None where none
    /// was accepted. The order of the cases does not matter.
    ///
    /// # Errors
    /// The calendar does not cover a part of it.
    pub fn of<'a>(
        cases: impl IntoIterator<Item = &'a Assessment>,
        rules: &Rules<'_>,
        as_of: Instant,
    ) -> Result<Option<Self>, Uncovered> {
        let clock_rules = ClockRules::new(rules.calendar, rules.profile);
        let scale = clock_rules.working_days();
        let courses = cases.into_iter().filter_map(|case| Course::of(case, &scale, as_of));
        let mut courses = courses.collect::<Result<Vec<_>, _>>()?;
        courses.sort_by(|a, b| a.case.case_no.cmp(&b.case.case_no));
        let Some(first) = courses.iter().min_by_key(|course| course.accepted_at) else { return Ok(None) };
        let open = courses.iter().filter(|course| course.ended_at.is_none()).count();
        let ended_at = if open == 0 { courses.iter().filter_map(|course| course.ended_at).max() } else { None };
        let days = |length: i64| length as f64 / scale.day() as f64;
        let last_position = courses.iter().map(|course| course.until_position).max().unwrap_or(first.until_position);
        let span = last_position - first.from_position;
        let sum: i64 = courses.iter().map(|course| course.until_position - course.from_position).sum();
        Ok(Some(Self {
            started_at: first.accepted_at,
            ended_at,
            limit: limit_state(first.accepted_at, ended_at, &clock_rules, as_of)?,
            cases: courses.len(),
            open,
            span_days: days(span),
            sum_days: days(sum),
            parallelism: (span > 0).then(|| sum as f64 / span as f64),
            critical_path: critical_path(&courses, first, days),
            departments: departments(&courses),
        }))
    }
}

fn limit_state(
    started_at: Instant,
    ended_at: Option<Instant>,
    rules: &ClockRules<'_>,
    as_of: Instant,
) -> Result<LimitState, Uncovered> {
    let span = ClockSpan { kind: ClockKind::Statutory, instance: Text::default(), started_at, ended_at, handler: None };
    let clock = Clock::new(span, Allowance::Limit(Limit::STATUTORY_JOINT), &[], rules)?;
    LimitState::read(&clock, rules.calendar, as_of)
}

/// From the case that ended last back to the start: before each comes the one that ended last by the time it was
/// accepted. Whoever would have the project end earlier has to shorten one of these, or the waiting between them.
fn critical_path(courses: &[Course<'_>], first: &Course<'_>, days: impl Fn(i64) -> f64) -> Vec<PathCase> {
    let mut path: Vec<&Course<'_>> = Vec::new();
    // Of those that end together the one accepted first; of those the first by number.
    let last = |ended_by: &dyn Fn(&Course<'_>) -> bool| {
        let candidates = courses.iter().filter(|course| ended_by(course)).rev();
        candidates.max_by(|a, b| (a.until, b.accepted_at).cmp(&(b.until, a.accepted_at)))
    };
    let mut next = last(&|_| true);
    while let Some(course) = next {
        path.push(course);
        next = last(&|earlier| earlier.until <= course.accepted_at && earlier.accepted_at < course.accepted_at);
    }
    path.reverse();
    let mut reached = first.from_position;
    let link = |course: &Course<'_>| {
        let waited = course.from_position - reached;
        reached = course.until_position;
        PathCase {
            case_no: course.case.case_no.clone(),
            department: course.case.department.clone(),
            accepted_at: course.accepted_at,
            ended_at: course.ended_at,
            waited_days: days(waited),
            days: days(course.until_position - course.from_position),
        }
    };
    path.into_iter().map(link).collect()
}

fn departments(courses: &[Course<'_>]) -> Vec<DepartmentShare> {
    let mut shares: Vec<DepartmentShare> = Vec::new();
    for course in courses {
        let department = &course.case.department;
        let days = course.case.elapsed_days.unwrap_or_default();
        match shares.iter_mut().find(|share| share.department == *department) {
            Some(share) => {
                share.cases += 1;
                share.days += days;
            }
            None => shares.push(DepartmentShare { department: department.clone(), cases: 1, days, share: None }),
        }
    }
    let all: f64 = shares.iter().map(|share| share.days).sum();
    for share in &mut shares {
        share.share = (all > 0.0).then(|| share.days / all);
    }
    shares.sort_by(|a, b| b.days.total_cmp(&a.days).then_with(|| a.department.cmp(&b.department)));
    shares
}

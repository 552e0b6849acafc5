//! The events of a case, packed: most open cases are touched once in days, and unpacked they take five
//! times as much.

use domain::CaseEvents;

/// A set of events in a few hundred bytes.
#[derive(Debug, Clone)]
pub(crate) struct Packed(Box<[u8]>);

impl Packed {
    pub(crate) fn new(events: &CaseEvents) -> Self {
        #[expect(clippy::expect_used, reason = "nothing in a set of events is without a form in bytes")]
        let bytes = postcard::to_allocvec(events).expect("events can be packed");
        Self(bytes.into_boxed_slice())
    }

    pub(crate) fn unpack(&self) -> CaseEvents {
        #[expect(clippy::expect_used, reason = "the bytes were packed by this very code and never leave the process")]
        postcard::from_bytes(&self.0).expect("packed events can be unpacked")
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Event, Instant, Kind,
        event::{Acceptance, Decision, DeferredMaterial, Procedure, SpecialStart},
    };

    use super::*;

    #[test]
    fn what_is_packed_comes_out_as_it_was() {
        let event = |id: &str, kind| Event {
            event_id: id.into(),
            source: "hall".into(),
            revision: 3,
            retracted: true,
            digest: u32::MAX,
            case_no: "c".into(),
            item: None,
            occurred_at: Instant::from_ms(-1),
            recorded_at: Some(Instant::from_ms(1)),
            region: Some("330921".into()),
            department: Some("环境保护局".into()),
            window: None,
            handler: None,
            role: None,
            place: None,
            kind,
        };
        let material = DeferredMaterial { name: "paper".into(), due_at: Instant::from_ms(2) };
        let special = SpecialStart {
            procedure: Procedure::Hearing,
            granted_days: Some(2),
            written_notice: None,
            party: Some("agency".into()),
        };
        let events: CaseEvents = [
            event("1", Kind::Accepted(Box::new(Acceptance { deferred_materials: vec![material], ..Acceptance::default() }))),
            event("2", Kind::SpecialStarted(Box::new(special))),
            event("4", Kind::Decided { outcome: Decision::Refused, reasoned: true }),
            event("5", Kind::MaterialsSupplied { materials: vec!["paper".into()] }),
            event("3", Kind::FeeCharged { amount_fen: u64::MAX }),
        ]
        .into_iter()
        .collect();
        assert_eq!(Packed::new(&events).unpack(), events);
    }
}

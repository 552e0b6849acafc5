//! Events and rules for the domain's tests.

use domain::{
    event::{Acceptance, Decision, DeferredMaterial, Procedure, SpecialStart},
    *,
};

pub fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// A local time in China, such as `2018-10-15 10:00`.
pub fn cn(text: &str) -> Instant {
    at(&format!("{}:00+08:00", text.replace(' ', "T")))
}

pub fn event(id: &str, occurred_at: Instant, kind: Kind) -> Event {
    Event {
        event_id: id.into(),
        source: "s".into(),
        revision: 1,
        retracted: false,
        digest: 0,
        case_no: "c".into(),
        item: None,
        occurred_at,
        recorded_at: None,
        region: None,
        department: None,
        window: None,
        handler: None,
        role: None,
        place: None,
        kind,
    }
}

pub fn accepted(when: &str) -> Event {
    Event { item: Some("a".into()), ..event("accepted", cn(when), Kind::Accepted(Box::<Acceptance>::default())) }
}

pub fn applied(when: &str) -> Event {
    Event { item: Some("a".into()), ..event("applied", cn(when), Kind::Applied { channel: None }) }
}

pub fn decided(when: &str) -> Event {
    event("decided", cn(when), Kind::Decided { outcome: Decision::Granted, reasoned: false })
}

pub fn closed(when: &str) -> Event {
    event("closed", cn(when), Kind::Closed { outcome: Outcome::Granted })
}

pub fn special(id: &str, when: &str, procedure: Procedure, granted_days: Option<u32>) -> Event {
    let start = SpecialStart { procedure, granted_days, written_notice: None, party: None };
    event(id, cn(when), Kind::SpecialStarted(Box::new(start)))
}

pub fn special_ended(id: &str, when: &str) -> Event {
    event(id, cn(when), Kind::SpecialEnded { procedure: None })
}

/// The work of an intermediary.
pub fn external(id: &str, when: &str, party: &str) -> Event {
    let start =
        SpecialStart { procedure: Procedure::External, granted_days: None, written_notice: None, party: Some(party.into()) };
    event(id, cn(when), Kind::SpecialStarted(Box::new(start)))
}

/// An acceptance with these papers still to come, each with its day.
pub fn accepted_without(when: &str, papers: &[(&str, &str)]) -> Event {
    let deferred = papers.iter().map(|(name, due)| DeferredMaterial { name: (*name).into(), due_at: cn(due) });
    let acceptance = Acceptance { deferred_materials: deferred.collect(), ..Acceptance::default() };
    Event { kind: Kind::Accepted(Box::new(acceptance)), ..accepted(when) }
}

pub fn supplied(id: &str, when: &str, materials: &[&str]) -> Event {
    event(id, cn(when), Kind::MaterialsSupplied { materials: materials.iter().map(|name| (*name).into()).collect() })
}

/// The calendar of China, built once.
pub fn china() -> &'static Calendar {
    static CHINA: std::sync::LazyLock<Calendar> = std::sync::LazyLock::new(Calendar::china);
    &CHINA
}

/// Rules a test owns.
#[derive(Debug)]
pub struct Office {
    pub catalog: Catalog,
    pub profile: Profile,
}

impl Office {
    /// Item `a` with these limits under a profile.
    pub fn new(profile: &str, promised: &str, statutory: &str) -> Self {
        let catalog = format!(
            "code,name,department,form,promised_limit,statutory_limit,mandatory_steps,step_limits\n\
             a,甲,环境保护局,committed,{promised},{statutory},,review=2 working_days\n"
        );
        Self { catalog: Catalog::from_csv(&catalog).unwrap(), profile: Profile::built_in(profile).unwrap() }
    }

    pub fn counting(mut self, toml: &str) -> Self {
        self.profile = Profile::from_toml(&format!("name = \"t\"\nextends = \"{}\"\n{toml}", self.profile.name)).unwrap();
        self
    }

    pub fn rules(&self) -> Rules<'_> {
        Rules { catalog: &self.catalog, calendar: china(), profile: &self.profile }
    }

    pub fn assess(&self, events: &[Event], as_of: Instant) -> Assessment {
        let case: CaseEvents = events.iter().cloned().collect();
        assess(&case, &self.rules(), as_of).unwrap()
    }
}

pub fn text(instant: Instant) -> String {
    instant.display_in(china().zone())
}

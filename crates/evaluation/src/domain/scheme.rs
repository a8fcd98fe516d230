//! A scheme 考评办法 with all its versions.
//!
//! - A version is drafted, redrafted, published; a published version never changes.
//! - The next draft is one version higher.
//! - Only a draft without fault is published (`scoring::Scheme::parse_for_publication`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::evaluation::{SchemeDrafted, SchemePublished};
use contract::status::{self, Kind};
use contract::words::SchemeRules;
use eventstore::Decider;
use scoring::Scheme as Rules;

eventstore::events! {
    /// What can happen to a scheme.
    pub enum Event { SchemeDrafted, SchemePublished }
}

/// Its versions.
#[derive(Debug, Clone, Default)]
pub struct State {
    versions: BTreeMap<u32, Version>,
}

/// One version.
#[derive(Debug, Clone)]
pub struct Version {
    /// The whole of it.
    pub rules: SchemeRules,
    /// Whether it is published.
    pub published: bool,
}

/// What can be asked of a scheme.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "fields are named as in the contract")]
pub enum Command {
    Draft { scheme: String, rules: SchemeRules },
    Publish { scheme: String },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No such scheme.
    #[error("there is no scheme {0}")]
    UnknownScheme(String),
    /// The draft has faults.
    #[error("the draft has faults: {0}")]
    Faulty(String),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::UnknownScheme(_) => "evaluation.unknown_scheme",
            Self::Faulty(_) => "evaluation.scheme_faulty",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownScheme(_) => Kind::NotFound,
            Self::Faulty(_) => Kind::Rule,
        }
    }
}

/// A scheme.
#[derive(Debug)]
pub struct Scheme;

impl Decider for Scheme {
    const CATEGORY: &'static str = "scheme";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Draft { scheme, rules } => Ok(state.draft(scheme, rules)),
            Command::Publish { scheme } => state.publish(scheme),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::SchemeDrafted(SchemeDrafted { scheme_version, rules, .. }) => {
                let version = Version { rules: rules.clone().unwrap_or_default(), published: false };
                state.versions.insert(*scheme_version, version);
            }
            Event::SchemePublished(SchemePublished { scheme_version, .. }) => {
                if let Some(version) = state.versions.get_mut(scheme_version) {
                    version.published = true;
                }
            }
        }
        state
    }

    fn thing(event: &Event) -> Cow<'_, str> {
        let (Event::SchemeDrafted(SchemeDrafted { scheme_version, .. })
        | Event::SchemePublished(SchemePublished { scheme_version, .. })) = event;
        scheme_version.to_string().into()
    }
}

impl State {
    /// A version: 0 is the last published one, or the draft if none is published.
    pub fn version(&self, scheme_version: u32) -> Option<(u32, &Version)> {
        let found = match scheme_version {
            0 => self
                .versions
                .iter()
                .rfind(|(_, version)| version.published)
                .or(self.versions.iter().next_back()),
            _ => self.versions.get_key_value(&scheme_version),
        };
        found.map(|(number, version)| (*number, version))
    }

    /// All versions, by number.
    pub fn versions(&self) -> impl Iterator<Item = (u32, &Version)> {
        self.versions.iter().map(|(number, version)| (*number, version))
    }

    fn draft(&self, scheme: String, rules: SchemeRules) -> Vec<Event> {
        let scheme_version = match self.versions.iter().next_back() {
            None => 1,
            Some((_, last)) if last.rules == rules => return vec![],
            Some((number, last)) => number + u32::from(last.published),
        };
        vec![SchemeDrafted { scheme, scheme_version, rules: Some(rules) }.into()]
    }

    fn publish(&self, scheme: String) -> Result<Vec<Event>, Rejection> {
        let Some((&scheme_version, last)) = self.versions.iter().next_back() else {
            return Err(Rejection::UnknownScheme(scheme));
        };
        if last.published {
            return Ok(vec![]);
        }
        if let Err(faults) = Rules::parse_for_publication(&last.rules) {
            let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
            return Err(Rejection::Faulty(faults.join("; ")));
        }
        Ok(vec![SchemePublished { scheme, scheme_version }.into()])
    }
}

#[cfg(test)]
mod tests {
    use contract::words::{AssessorMethod, Component, component::Method};
    use eventstore::testing::given;

    use super::*;

    const NAME: &str = "jurisdictions/city/schemes/first";

    fn rules(max_points: &str) -> SchemeRules {
        SchemeRules {
            title: "First".to_owned(),
            components: vec![Component {
                component_id: "work".to_owned(),
                title: "Work".to_owned(),
                max_points: max_points.to_owned(),
                method: Some(Method::Assessor(AssessorMethod {})),
            }],
            ..SchemeRules::default()
        }
    }

    fn draft(max_points: &str) -> Command {
        Command::Draft { scheme: NAME.to_owned(), rules: rules(max_points) }
    }

    fn drafted(scheme_version: u32, max_points: &str) -> Event {
        SchemeDrafted { scheme: NAME.to_owned(), scheme_version, rules: Some(rules(max_points)) }.into()
    }

    fn publish() -> Command {
        Command::Publish { scheme: NAME.to_owned() }
    }

    fn published(scheme_version: u32) -> Event {
        SchemePublished { scheme: NAME.to_owned(), scheme_version }.into()
    }

    #[test]
    fn a_draft_may_have_faults_and_is_replaced_by_the_next() {
        given::<Scheme>([]).when(draft("90")).then([drafted(1, "90")]);
        given::<Scheme>([drafted(1, "90")]).when(draft("100")).then([drafted(1, "100")]);
    }

    #[test]
    fn drafting_the_same_again_changes_nothing() {
        given::<Scheme>([drafted(1, "90")]).when(draft("90")).then_nothing();
    }

    #[test]
    fn a_published_version_never_changes_the_next_draft_is_a_new_one() {
        given::<Scheme>([drafted(1, "100"), published(1)]).when(draft("90")).then([drafted(2, "90")]);
    }

    #[test]
    fn a_draft_without_fault_is_published_once() {
        given::<Scheme>([drafted(1, "100")]).when(publish()).then([published(1)]);
        given::<Scheme>([drafted(1, "100"), published(1)]).when(publish()).then_nothing();
    }

    #[test]
    fn maxima_that_do_not_sum_to_a_hundred_are_not_published() {
        let then = given::<Scheme>([drafted(1, "90")]).when(publish());
        then.then_rejected_by(
            |rejection| matches!(rejection, Rejection::Faulty(text) if text.contains("100")),
        );
    }

    #[test]
    fn an_unknown_scheme_is_not_published() {
        given::<Scheme>([]).when(publish()).then_rejected(Rejection::UnknownScheme(NAME.to_owned()));
    }
}

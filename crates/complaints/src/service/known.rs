//! What is known when a command is decided: the clocks in force, units, officers.

use contract::words::PostLevel;

use super::*;

/// How long a unit or an officer that is not known yet is waited for.
pub(super) const REPLICA_PATIENCE: Duration = Duration::from_secs(2);

/// The calendar and the terms in force.
pub(crate) struct Clocks {
    calendar: Arc<Loaded<calendar::Calendar>>,
    terms: Arc<Loaded<terms::Terms>>,
    /// They stay in force.
    pub(crate) guards: Vec<Guard>,
}

impl Clocks {
    /// When a stage that begins at `start` is due.
    pub(super) fn stage_due(&self, stage: ComplaintStage, start: Timestamp) -> Timestamp {
        self.calendar.state.working_days.due(start, self.terms.state.stage_working_days(stage))
    }

    /// When the period of escalation that begins at `start` passes.
    pub(crate) fn escalation_due(&self, start: Timestamp) -> Timestamp {
        self.calendar.state.working_days.due(start, self.terms.state.escalation_working_days())
    }

    /// When a case that begins at `start` is due.
    pub(super) fn case_due(&self, start: Timestamp) -> Timestamp {
        self.calendar.state.working_days.due(start, self.terms.state.case_working_days())
    }
}

impl Service {
    pub(crate) async fn clocks(&self, jurisdiction: &str, fresh: bool) -> Result<Clocks, Failed> {
        let streams = (stream::<calendar::Calendar>(jurisdiction), stream::<terms::Terms>(jurisdiction));
        let calendar = self.calendars.load(&streams.0, fresh).await?;
        let terms = self.terms.load(&streams.1, fresh).await?;
        let guards = vec![
            Guard { stream: streams.0, stream_version: calendar.stream_version },
            Guard { stream: streams.1, stream_version: terms.stream_version },
        ];
        Ok(Clocks { calendar, terms, guards })
    }

    /// Whether a unit is in the register and in service.
    pub(super) async fn unit_in_service(&self, unit: &str) -> Result<bool, Failed> {
        self.look(|replica| replica.in_service(unit), |known| *known).await
    }

    /// The officers among `officers` who never were on the roster.
    pub(super) async fn unknown_officers(&self, officers: &[String]) -> Result<Vec<String>, Failed> {
        let unknown = |replica: &Replica| {
            let unknown = officers.iter().filter(|officer| !replica.was_on_roster(officer));
            unknown.cloned().collect()
        };
        self.look(unknown, Vec::is_empty).await
    }

    /// An officer who is to handle a complaint, looked for at `wanted` or higher.
    pub(super) async fn candidate(
        &self,
        name: &ComplaintName,
        officer: &str,
        wanted: PostLevel,
        fresh: bool,
    ) -> Result<complaint::Candidate, Failed> {
        let complaint = self.complaints.load(&stream_of(name), fresh).await?;
        let complained_of = complained_of(&complaint.state);
        if !complained_of.is_empty() {
            // Whoever is not known to be of their unit would pass.
            self.replica.catch_up(REPLICA_PATIENCE).await?;
        }
        let look = |replica: &Replica| {
            let (complained_of, own_unit) = replica.conflict(officer, complained_of);
            let post_level = replica.post_level(officer);
            complaint::Candidate { officer: officer.to_owned(), post_level, complained_of, own_unit }
        };
        self.look(look, |seen| seen.post_level.is_some_and(|level| level >= wanted)).await
    }

    /// `act`, with whether who judges is of the unit of one complained of who could lead.
    pub(super) async fn judging(
        &self,
        name: &ComplaintName,
        act: &complaint::Act,
        fresh: bool,
    ) -> Result<complaint::Act, Failed> {
        let complaint = self.complaints.load(&stream_of(name), fresh).await?;
        let complained_of = complained_of(&complaint.state);
        if complained_of.is_empty() || act.by == complaint::COMPLAINANT {
            return Ok(act.clone());
        }
        self.replica.catch_up(REPLICA_PATIENCE).await?;
        let (_, own_unit) = self.replica.now().conflict(&act.by, complained_of);
        Ok(complaint::Act { own_unit, ..act.clone() })
    }

    /// Looks at what is kept of others' facts; if that is not `enough`, once more when all is there that
    /// they have recorded: who registered a unit a moment ago is not refused.
    async fn look<T>(&self, look: impl Fn(&Replica) -> T, enough: impl Fn(&T) -> bool) -> Result<T, Failed> {
        let seen = look(&self.replica.now());
        if enough(&seen) {
            return Ok(seen);
        }
        self.replica.catch_up(REPLICA_PATIENCE).await?;
        Ok(look(&self.replica.now()))
    }
}

/// Resource names of the officers complained of.
fn complained_of(state: &complaint::State) -> &[String] {
    state.lodged().map_or(&[][..], |complaint| &complaint.lodged.complained_of[..])
}

//! What lists and figures answer, against a plain list of all complaints that is looked through each time.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use eventstore::EventSet as _;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use scoring::WorkingDays;
use scoring::figures::complaints as figures;

use super::*;
use crate::domain::complaint::{
    Act, Assigning, Candidate, Command, Complaint as Rules, Event, Lodged, Lodging, Refuting, State, Step,
};

const PARENT: &str = "jurisdictions/city";
const COMPLAINTS: u8 = 6;
/// The tree: the bureau, below it north and south, below north the window.
const UNITS: [(&str, &str); 4] =
    [("bureau", ""), ("north", "bureau"), ("window", "north"), ("south", "bureau")];
const CATEGORIES: [&str; 3] = ["", "delay", "fees"];
const CHANNELS: [ComplaintChannel; 3] =
    [ComplaintChannel::Hotline, ComplaintChannel::Letter, ComplaintChannel::Online];
const STAGES: [ComplaintStage; 10] = [
    ComplaintStage::Lodged,
    ComplaintStage::Accepted,
    ComplaintStage::Rejected,
    ComplaintStage::Referred,
    ComplaintStage::Led,
    ComplaintStage::Assigned,
    ComplaintStage::Reported,
    ComplaintStage::Verified,
    ComplaintStage::Closed,
    ComplaintStage::Withdrawn,
];

/// Something that is asked of one of the complaints, some hours after the last.
#[derive(Debug, Clone, Copy)]
struct Asked {
    complaint: u8,
    kind: u8,
    who: u8,
    hours: i64,
}

impl Asked {
    /// Closing is asked for as whatever it can be closed as.
    fn whichever(self) -> Vec<Self> {
        if self.kind != CLOSE {
            return vec![self];
        }
        let hours = |who| if who == 0 { self.hours } else { 0 };
        (0..3).map(|who| Self { who, hours: hours(who), ..self }).collect()
    }
}

const CLOSE: u8 = 17;

fn asked() -> impl Strategy<Value = Asked> {
    let hours = prop_oneof![4 => 0_i64..6, 1 => 6_i64..60];
    (0..COMPLAINTS, 0_u8..20, 0_u8..3, hours).prop_map(|(complaint, kind, who, hours)| Asked {
        complaint,
        kind,
        who,
        hours,
    })
}

fn filters() -> impl Strategy<Value = ComplaintFilter> {
    let name = || weighted(0.2, 0_usize..4);
    let words = || prop_oneof![3 => vec(0_usize..10, 0), 1 => vec(0_usize..10, 1..4)];
    let days = || weighted(0.15, 1_u8..30);
    let people = (name(), name(), name(), name(), name(), any::<bool>());
    let rest = (words(), words(), words(), weighted(0.2, 1_usize..3), prop::bool::weighted(0.2));
    let times = (weighted(0.2, 0_u32..12), weighted(0.2, 1_u32..20), days(), days());
    (people, rest, times).prop_map(|(people, rest, times)| {
        let (unit_at, responsible, complained_of, leader, supervisor, with_subtree) = people;
        let (stages, colours, channels, category, open_only) = rest;
        let (youngest, oldest, first, last) = times;
        let officer_at = |at: Option<usize>| at.map(|at| officer(&format!("o{at}"))).unwrap_or_default();
        let colours_of = [AlertColour::Green, AlertColour::Yellow, AlertColour::Red];
        let date = |day: Option<u8>| day.map(|day| format!("2024-09-{day:02}")).unwrap_or_default();
        ComplaintFilter {
            unit: unit_at.map(|at| unit(UNITS[at].0)).unwrap_or_default(),
            with_subtree,
            officer: officer_at(responsible),
            complained_of: officer_at(complained_of),
            leader: officer_at(leader),
            supervisor: officer_at(supervisor),
            stages: stages.into_iter().map(|at| STAGES[at].into()).collect(),
            colours: colours.into_iter().map(|at| colours_of[at % 3].into()).collect(),
            channels: channels.into_iter().map(|at| CHANNELS[at % 3].into()).collect(),
            category: category.map(|at| CATEGORIES[at].to_owned()).unwrap_or_default(),
            open_only,
            age_working_days_min: youngest.unwrap_or_default(),
            age_working_days_max: oldest.unwrap_or_default(),
            lodged_from_date: date(first),
            lodged_to_date: date(last),
        }
    })
}

fn id_of(complaint: u8) -> ComplaintName {
    ComplaintName { jurisdiction: "city".to_owned(), complaint: format!("c{complaint}") }
}

/// Two of three repeat the one before them.
fn lodging_of(complaint: u8, at: Timestamp, known: bool) -> Command {
    let pick = usize::from(complaint);
    let named = |earlier: u8| id_of(earlier).to_string();
    let lodged = ComplaintLodged {
        complaint: id_of(complaint).to_string(),
        channel: CHANNELS[pick % 3].into(),
        text: Some(VaultText { vault_key: format!("text-{complaint}"), sha256: vec![0; 32] }),
        unit: UNITS.get(pick % 5).map(|(id, _)| unit(id)).unwrap_or_default(),
        complained_of: if pick.is_multiple_of(2) { vec![officer("o3")] } else { vec![] },
        category: CATEGORIES[pick % 3].to_owned(),
        repeats: if known { named(complaint.saturating_sub(1)) } else { String::new() },
        lodge_time: Some(to_wire(at)),
        stage_due_time: Some(to_wire(after(at, 5))),
        case_due_time: Some(to_wire(after(at, 30))),
        ..ComplaintLodged::default()
    };
    let (unit_in_service, unknown_officers) = (true, vec![]);
    Command::Lodge(Box::new(Lodging { lodged, unit_in_service, unknown_officers, earlier_known: known }))
}

fn after(at: Timestamp, days: i64) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_hours(24 * days)).unwrap()
}

fn step(Asked { kind, who, .. }: Asked, at: Timestamp) -> Step {
    let pick = usize::from(who);
    let text = || VaultText { vault_key: format!("{kind}-{at}"), sha256: vec![0; 32] };
    let candidate = |at: u8| Candidate {
        officer: officer(&format!("o{at}")),
        post_level: Some(PostLevel::BureauHead),
        ..Candidate::default()
    };
    let (place, reason) = (unit(UNITS[pick + 1].0), "so it is".to_owned());
    match kind {
        2 | 3 => Step::Accept { unit: place, in_service: true, due: after(at, 4) },
        4 => Step::Reject { reason },
        5 => Step::Refer { organ: "the tax office".to_owned(), reason },
        6 => Step::Transfer { unit: place, in_service: true, reason },
        7 | 8 => Step::AppointLeader { leader: candidate(who), due: after(at, 3) },
        9 => Step::AppointSupervisor { supervisor: candidate((who + 1) % 3) },
        10 | 11 => {
            let officer = candidate((who + 2) % 3);
            let (deadline, due) = (Some(after(at, 2 + i64::from(who))), at);
            Step::Assign(Assigning { unit: place, in_service: true, officer, deadline, due })
        }
        12 => Step::ExtendDeadline { deadline: after(at, 8), reason },
        13 => Step::Report { report: text(), attachments: vec![], due: after(at, 6) },
        14 => {
            let (satisfaction, source) = (Satisfaction::BasicallySatisfied, RatingSource::CallBack);
            Step::Verify { satisfaction, source, due: after(at, 5) }
        }
        15 => Step::Refute(Refuting {
            satisfaction: Satisfaction::Dissatisfied,
            source: RatingSource::CallBack,
            statement: None,
            deadline: None,
            due: after(at, 4),
        }),
        16 => Step::Unsubstantiate { finding: text() },
        CLOSE => {
            let outcomes =
                [ClosureOutcome::Rectified, ClosureOutcome::Unsubstantiated, ClosureOutcome::Withdrawn];
            Step::Close { outcome: outcomes[pick] }
        }
        18 => Step::Reopen { grounds: text(), led_due: after(at, 4), accepted_due: after(at, 3) },
        _ => Step::Withdraw { statement: None },
    }
}

/// A complaint as the plain list has it.
struct Known {
    name: String,
    state: Box<Lodged>,
    counted: figures::Complaint,
    repeats: Option<usize>,
}

/// All complaints in the order of their lodging, and the working days.
struct Plain {
    all: Vec<Known>,
    working_days: WorkingDays,
    now: Timestamp,
}

impl Plain {
    async fn of(world: &World) -> Self {
        let (mut states, mut counted) = (BTreeMap::new(), BTreeMap::new());
        let mut order = Vec::new();
        for recorded in world.complaints.reader().read_all(1, 10_000).await.unwrap() {
            if recorded.stream.category() != Rules::CATEGORY {
                continue;
            }
            let event = Event::decode(&recorded.event_type, &recorded.payload).unwrap().unwrap();
            let name = recorded.stream.key().to_owned();
            let state = states.remove(&name).unwrap_or_else(|| {
                order.push(name.clone());
                State::default()
            });
            states.insert(name.clone(), Rules::evolve(state, &event));
            let change = figures::Change::decode(&recorded.event_type, &recorded.payload).unwrap();
            let complaint =
                counted.entry(name).or_insert_with(|| figures::Complaint::lodged(recorded.occurred_at));
            if let Some(change) = change {
                complaint.apply(change.what, recorded.occurred_at);
            }
        }
        let place =
            |name: &str| order.iter().position(|key| name.ends_with(&key.replace('/', "/complaints/")));
        let known = order.iter().map(|key| {
            let Some(State::Lodged(state)) = states.remove(key) else { panic!("{key} was never lodged") };
            let repeats = Some(&state.lodged.repeats).filter(|earlier| !earlier.is_empty());
            let (name, repeats) =
                (state.lodged.complaint.clone(), repeats.and_then(|earlier| place(earlier)));
            Known { name, counted: counted[key], repeats, state }
        });
        let holidays = ["2024-09-16", "2024-09-17"].map(|day| day.parse().unwrap());
        let all = known.collect();
        Self {
            all,
            working_days: WorkingDays::new(holidays, ["2024-09-14".parse().unwrap()]),
            now: world.now(),
        }
    }

    fn units(asked: &str, with_subtree: bool) -> Vec<String> {
        let mut units = vec![asked.to_owned()];
        for (id, parent) in UNITS.iter().filter(|_| with_subtree) {
            if units.contains(&unit(parent)) && !parent.is_empty() {
                units.push(unit(id));
            }
        }
        units
    }

    fn colour(&self, known: &Known) -> AlertColour {
        let due = known.state.stage_due;
        due.map_or(AlertColour::Unspecified, |due| self.working_days.colour(due, self.now))
    }

    fn matches(&self, asked: &ComplaintFilter, known: &Known) -> bool {
        let state = &known.state;
        let is = |wanted: &str, found: Option<&str>| wanted.is_empty() || Some(wanted) == found;
        let responsible = state.responsible.as_ref().and_then(|responsible| responsible.officer.as_deref());
        let in_list = |wanted: &[i32], found: i32| wanted.is_empty() || wanted.contains(&found);
        let age = self.working_days.age(state.lodged_at(), self.now);
        let day = field::day_of(state.lodged_at()).to_string();
        (asked.unit.is_empty() || Self::units(&asked.unit, asked.with_subtree).contains(&state.unit))
            && is(&asked.officer, responsible)
            && is(&asked.leader, state.leader.as_ref().map(|leader| &*leader.officer))
            && is(&asked.supervisor, state.supervisor.as_deref())
            && is(&asked.category, Some(&state.lodged.category))
            && (asked.complained_of.is_empty() || state.lodged.complained_of.contains(&asked.complained_of))
            && in_list(&asked.stages, state.stage.into())
            && in_list(&asked.colours, self.colour(known).into())
            && in_list(&asked.channels, state.lodged.channel)
            && (!asked.open_only || state.is_open())
            && age >= i64::from(asked.age_working_days_min)
            && (asked.age_working_days_max == 0 || age <= i64::from(asked.age_working_days_max))
            && (asked.lodged_from_date.is_empty() || asked.lodged_from_date <= day)
            && (asked.lodged_to_date.is_empty() || day <= asked.lodged_to_date)
    }

    fn matching(&self, asked: &ComplaintFilter) -> impl Iterator<Item = &Known> {
        self.all.iter().filter(|known| self.matches(asked, known))
    }

    /// Running clocks, soonest first: name, clock, when it is due.
    fn due(&self, asked: &ListDueComplaintsRequest) -> Vec<(String, i32, Timestamp)> {
        let filter = asked.filter.clone().unwrap();
        let mut due = Vec::new();
        for (row, known) in self.all.iter().enumerate().filter(|(_, known)| self.matches(&filter, known)) {
            for clock in [ComplaintClock::Stage, ComplaintClock::Case] {
                let wanted = asked.clock == 0 || asked.clock == i32::from(clock);
                let Some(at) = known.state.clock_due(clock).filter(|_| wanted) else { continue };
                let left = self.working_days.left(at, self.now);
                if at <= self.now || left <= i64::from(asked.working_days) {
                    due.push((at, row, i32::from(clock)));
                }
            }
        }
        due.sort_unstable();
        due.into_iter().map(|(at, row, clock)| (self.all[row].name.clone(), clock, at)).collect()
    }

    fn ages(&self, asked: &ComplaintFilter, bounds: &[u32]) -> Vec<(u32, u32)> {
        let mut brackets = vec![(0, 0); bounds.len() + 1];
        for known in self.matching(asked).filter(|known| known.state.is_open()) {
            let age = self.working_days.age(known.state.lodged_at(), self.now);
            let at = bounds.iter().position(|bound| age <= i64::from(*bound)).unwrap_or(bounds.len());
            brackets[at].0 += 1;
            brackets[at].1 += u32::from(known.counted.is_overdue());
        }
        brackets
    }

    fn groups(&self, asked: &ComplaintFilter) -> Vec<RepeatGroup> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for row in 0..self.all.len() {
            let mut first = row;
            while let Some(earlier) = self.all[first].repeats {
                first = earlier;
            }
            groups.entry(first).or_default().push(row);
        }
        let mut told: Vec<(Reverse<u32>, usize, RepeatGroup)> = Vec::new();
        for (first, rows) in groups {
            let reopenings: u32 = rows.iter().map(|row| self.all[*row].state.reopenings).sum();
            let repeats: Vec<_> = rows[1..].iter().map(|row| self.all[*row].name.clone()).collect();
            let times = u32::try_from(repeats.len()).unwrap() + reopenings;
            let last = &self.all[*rows.last().unwrap()].state;
            let known = &self.all[first];
            if times > 0 && self.matches(asked, known) {
                let (name, category) = (known.name.clone(), known.state.lodged.category.clone());
                let unit = last.unit.clone();
                let group = RepeatGroup { first: name, repeats, reopenings, unit, category };
                told.push((Reverse(times), first, group));
            }
        }
        told.sort_by_key(|(times, first, _)| (*times, *first));
        told.into_iter().map(|(.., group)| group).collect()
    }

    fn figures<'a>(
        &self,
        key: &str,
        complaints: impl Iterator<Item = &'a Known>,
        period: figures::Period,
    ) -> ComplaintFigures {
        let (mut sum, mut yellow, mut red) = (figures::Figures::default(), 0, 0);
        for known in complaints {
            sum += known.counted.figures(period, self.now);
            yellow += u32::from(self.colour(known) == AlertColour::Yellow);
            red += u32::from(self.colour(known) == AlertColour::Red);
        }
        let count = |count| u32::try_from(count).unwrap();
        ComplaintFigures {
            key: key.to_owned(),
            lodged: count(sum.lodged),
            due: count(sum.due),
            on_time: count(sum.on_time),
            rated: count(sum.rated),
            satisfaction_total: sum.satisfaction_total().to_string(),
            closed: count(sum.closed),
            reopened: count(sum.reopened),
            open: count(sum.open),
            overdue: count(sum.overdue),
            yellow,
            red,
        }
    }

    fn key(breakdown: ComplaintBreakdown, known: &Known) -> String {
        let state = &known.state;
        let responsible = state.responsible.as_ref().and_then(|responsible| responsible.officer.clone());
        match breakdown {
            ComplaintBreakdown::Officer => responsible.unwrap_or_default(),
            ComplaintBreakdown::Leader => {
                state.leader.as_ref().map(|leader| leader.officer.clone()).unwrap_or_default()
            }
            ComplaintBreakdown::Category => state.lodged.category.clone(),
            ComplaintBreakdown::Channel => state.lodged.channel().as_str_name().to_owned(),
            ComplaintBreakdown::Unit | ComplaintBreakdown::Unspecified => state.unit.clone(),
        }
    }

    fn broken_down(&self, asked: &ListComplaintFiguresRequest) -> Vec<ComplaintFigures> {
        let day = |day: &str| day.parse().unwrap();
        let period = figures::Period { start: day(&asked.start_date), end: day(&asked.end_date) };
        let of = |wanted: &[String]| {
            let wanted = wanted.to_vec();
            self.all.iter().filter(move |known| wanted.contains(&known.state.unit))
        };
        if asked.breakdown() == ComplaintBreakdown::Unit {
            let above = UNITS.iter().filter(|(id, _)| asked.unit == unit(id));
            let below = UNITS.iter().filter(|(_, parent)| {
                if asked.unit.is_empty() { parent.is_empty() } else { asked.unit == unit(parent) }
            });
            let row = |name: String| self.figures(&name, of(&Self::units(&name, asked.with_subtree)), period);
            return above.chain(below).map(|(id, _)| row(unit(id))).collect();
        }
        let units = Self::units(&asked.unit, asked.with_subtree);
        let within = |known: &&Known| asked.unit.is_empty() || units.contains(&known.state.unit);
        let mut keys: BTreeMap<String, Vec<&Known>> = BTreeMap::new();
        for known in self.all.iter().filter(within) {
            keys.entry(Self::key(asked.breakdown(), known)).or_default().push(known);
        }
        keys.into_iter().map(|(key, rows)| self.figures(&key, rows.into_iter(), period)).collect()
    }
}

impl World {
    /// Lives of a few complaints: what is refused is left out.
    async fn lived(asked: &[Asked]) -> Self {
        let world = Self::start().await;
        for (id, parent) in UNITS {
            let parent = if parent.is_empty() { String::new() } else { unit(parent) };
            let registered = UnitRegistered { unit: unit(id), parent, ..UnitRegistered::default() };
            record(&world.evaluation, "unit_register-city", registered).await;
        }
        let calendar = SetCalendarRequest {
            request_id: Uuid::from_u128(1).to_string(),
            parent: PARENT.to_owned(),
            holidays: ["2024-09-16", "2024-09-17"].map(str::to_owned).to_vec(),
            make_up_days: vec!["2024-09-14".to_owned()],
            ..SetCalendarRequest::default()
        };
        world.service.set_calendar(Request::new(calendar)).await.unwrap();
        let (timer, mut lodged) = (Clocks::new(world.service.clone()), BTreeSet::new());
        for (number, asked) in (1_000..).zip(asked.iter().flat_map(|asked| asked.whichever())) {
            world.now.fetch_add(asked.hours * 3600, Ordering::Relaxed);
            if asked.kind == 19 && asked.who > 0 {
                timer.tick(world.now()).await.unwrap();
                continue;
            }
            let at = world.now();
            let repeats = asked.complaint % 3 > 0 && lodged.contains(&(asked.complaint - 1));
            let command = if lodged.insert(asked.complaint) {
                lodging_of(asked.complaint, at, repeats)
            } else {
                let act = Act { by: "clerk".to_owned(), at, expected: None, own_unit: false };
                Command::Handle(act, step(asked, at))
            };
            let id = Uuid::from_u128(number);
            let metadata = Metadata {
                actor: "clerk".to_owned(),
                jurisdiction: "city".to_owned(),
                occurred_at: at,
                correlation_id: id,
                causation_id: id,
                traceparent: String::new(),
            };
            let call = Call { request_id: id, fingerprint: [0; 32], metadata };
            let prepare = |_| std::future::ready(Ok((command.clone(), vec![])));
            let sent =
                world.service.complaints.send(&call, &stream_of(&id_of(asked.complaint)), prepare).await;
            assert!(!matches!(sent, Err(Failure::Internal)), "{asked:?}");
        }
        world.service.reads.catch_up(Duration::from_secs(5)).await.unwrap();
        world.service.replica.catch_up(Duration::from_secs(5)).await.unwrap();
        world
    }
}

/// All pages of a list, one after the other.
async fn pages<T, F: Future<Output = (Vec<T>, String)>>(page: impl Fn(String) -> F) -> Vec<T> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let (items, next) = page(token).await;
        assert!(!items.is_empty() || next.is_empty(), "an empty page has no next");
        all.extend(items);
        if next.is_empty() {
            return all;
        }
        token = next;
    }
}

async fn check_filter(
    world: &World,
    plain: &Plain,
    filter: &ComplaintFilter,
    (page_size, clock, working_days): (u32, i32, u32),
) {
    let (service, parent) = (&world.service, PARENT.to_owned());
    let base = ListComplaintsRequest {
        parent: parent.clone(),
        filter: Some(filter.clone()),
        page_size,
        ..ListComplaintsRequest::default()
    };
    let listed = pages(async |page_token| {
        let asked = ListComplaintsRequest { page_token, ..base.clone() };
        let page = service.list_complaints(Request::new(asked)).await.unwrap().into_inner();
        (page.complaints, page.next_page_token)
    });
    let names: Vec<_> = listed.await.into_iter().map(|complaint| complaint.name).collect();
    let wanted: Vec<_> = plain.matching(filter).map(|known| known.name.clone()).collect();
    assert_eq!(names, wanted, "{filter:?}");

    let base = ListDueComplaintsRequest {
        parent: parent.clone(),
        filter: Some(filter.clone()),
        clock,
        working_days,
        page_size,
        ..ListDueComplaintsRequest::default()
    };
    let due = pages(async |page_token| {
        let asked = ListDueComplaintsRequest { page_token, ..base.clone() };
        let page = service.list_due_complaints(Request::new(asked)).await.unwrap().into_inner();
        (page.due_complaints, page.next_page_token)
    });
    let due = due.await.into_iter().map(|due| {
        let at = field::instant("due", due.timer.unwrap().due_time.unwrap()).unwrap();
        (due.complaint.unwrap().name, due.clock, at)
    });
    assert_eq!(due.collect::<Vec<_>>(), plain.due(&base), "{base:?}");

    let bounds = [0, 2, 7];
    let asked = GetComplaintAgeingRequest {
        parent: parent.clone(),
        filter: Some(filter.clone()),
        bounds: bounds.to_vec(),
        ..GetComplaintAgeingRequest::default()
    };
    let brackets = service.get_complaint_ageing(Request::new(asked)).await.unwrap().into_inner().brackets;
    let counted: Vec<_> = brackets.iter().map(|bracket| (bracket.open, bracket.overdue)).collect();
    assert_eq!(counted, plain.ages(filter, &bounds), "{filter:?}");
    let ages = brackets.iter().map(|bracket| (bracket.age_working_days_min, bracket.age_working_days_max));
    assert_eq!(ages.collect::<Vec<_>>(), [(0, Some(0)), (1, Some(2)), (3, Some(7)), (8, None)]);

    let base = ListRepeatsRequest {
        parent,
        filter: Some(filter.clone()),
        page_size,
        ..ListRepeatsRequest::default()
    };
    let groups = pages(async |page_token| {
        let asked = ListRepeatsRequest { page_token, ..base.clone() };
        let page = service.list_repeats(Request::new(asked)).await.unwrap().into_inner();
        (page.groups, page.next_page_token)
    });
    assert_eq!(groups.await, plain.groups(filter), "{filter:?}");
}

async fn check_figures(world: &World, plain: &Plain, of: Option<usize>, with_subtree: bool, days: (u8, u8)) {
    let unit = of.map(|at| unit(UNITS[at].0)).unwrap_or_default();
    let date = |day: u8| format!("2024-09-{day:02}");
    let (start_date, end_date) = (date(days.0.min(days.1)), date(days.0.max(days.1)));
    for breakdown in [
        ComplaintBreakdown::Unit,
        ComplaintBreakdown::Officer,
        ComplaintBreakdown::Leader,
        ComplaintBreakdown::Channel,
        ComplaintBreakdown::Category,
    ] {
        let base = ListComplaintFiguresRequest {
            parent: PARENT.to_owned(),
            unit: unit.clone(),
            with_subtree,
            start_date: start_date.clone(),
            end_date: end_date.clone(),
            breakdown: breakdown.into(),
            page_size: 2,
            ..ListComplaintFiguresRequest::default()
        };
        let figures = pages(async |page_token| {
            let asked = ListComplaintFiguresRequest { page_token, ..base.clone() };
            let page = world.service.list_complaint_figures(Request::new(asked)).await.unwrap().into_inner();
            (page.figures, page.next_page_token)
        });
        assert_eq!(figures.await, plain.broken_down(&base), "{base:?}");
    }
    let units = Plain::units(&unit, with_subtree);
    let within = |known: &&Known| unit.is_empty() || units.contains(&known.state.unit);
    let period = figures::Period { start: start_date.parse().unwrap(), end: end_date.parse().unwrap() };
    let wanted = plain.figures(&unit, plain.all.iter().filter(within), period);
    let asked = GetComplaintFiguresRequest {
        parent: PARENT.to_owned(),
        unit: unit.clone(),
        with_subtree,
        start_date,
        end_date,
        ..GetComplaintFiguresRequest::default()
    };
    let answered = world.service.get_complaint_figures(Request::new(asked)).await.unwrap().into_inner();
    assert_eq!(answered.figures, Some(wanted));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn lists_and_figures_answer_what_a_plain_list_of_all_complaints_does(
        asked in vec(asked(), 60..260),
        filters in vec((filters(), (1_u32..5, 0_i32..3, 0_u32..12)), 40),
        figures in vec((weighted(0.8, 0_usize..4), any::<bool>(), (1_u8..30, 1_u8..30)), 12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::lived(&asked).await;
            let plain = Plain::of(&world).await;
            for (filter, paging) in filters {
                check_filter(&world, &plain, &filter, paging).await;
            }
            for (of, with_subtree, days) in figures {
                check_figures(&world, &plain, of, with_subtree, days).await;
            }
        });
    }
}

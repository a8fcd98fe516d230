//! The cases that were opened by hand.

use contract::accountability::{CaseNature, Disposition, Gravity};
use jiff::civil::{Date, date};

use super::super::super::{JURISDICTION, SECOND_VETOED};
use super::super::city::City;
use super::super::steps::{Step, at};
use super::desk::{Case, Found, Measure};
use super::docket::investigators;

/// A case, and its days.
struct Matter {
    id: &'static str,
    grounds: &'static str,
    evidence: &'static str,
    facts: &'static str,
    against: Found,
    /// Opened, and given to an investigator; found; decided; carried out and closed.
    days: [Date; 4],
    /// Nobody: exonerated.
    responsible: Found,
    measures: Vec<Measure>,
}

/// A day on which a unit appeals, and one on which that is decided.
struct Appeal {
    unit: String,
    days: [Date; 2],
    /// Empty: overturned.
    cleared: Vec<String>,
    grounds: &'static str,
    reason: &'static str,
}

pub(super) fn steps(city: &City) -> Vec<Step> {
    let candidates = investigators(city);
    let mut steps = Vec::new();
    let (varied, appeal) = varied(city);
    steps.extend(appealed(varied.id, appeal));
    let (overturned, appeal) = overturned();
    steps.extend(appealed(overturned.id, appeal));
    for matter in [departing(city), varied, overturned, exonerated(city)] {
        steps.extend(matter.steps(candidates.clone()));
    }
    steps
}

impl Matter {
    fn steps(self, candidates: Vec<String>) -> [Step; 4] {
        let Self { id, grounds, evidence, facts, against, days, responsible, measures } = self;
        let [opened, found, decided, executed] = days;
        let what = |act: &str| format!("case/{id}/{act}");
        let subjects: Vec<_> = measures.iter().map(|measure| measure.subject.clone()).collect();
        [
            Step::new(at(opened, 10), what("open"), move |mut desk| async move {
                let mut case = Case::of(&mut desk, id);
                case.open(&against, grounds).await?;
                case.assign(&candidates).await?;
                case.add_evidence(evidence).await
            }),
            Step::new(at(found, 15), what("find"), move |mut desk| async move {
                Case::of(&mut desk, id).find(&responsible, facts).await
            }),
            Step::new(at(decided, 15), what("decide"), move |mut desk| async move {
                let mut case = Case::of(&mut desk, id);
                for measure in &measures {
                    case.decide(measure, Some(executed)).await?;
                }
                Ok::<_, tonic::Status>(())
            }),
            Step::new(at(executed, 10), what("close"), move |mut desk| async move {
                let mut case = Case::of(&mut desk, id);
                for subject in &subjects {
                    case.execute(subject, executed).await?;
                }
                case.close().await
            }),
        ]
    }
}

fn appealed(id: &'static str, appeal: Appeal) -> [Step; 2] {
    let Appeal { unit, days: [lodged, decided], cleared, grounds, reason } = appeal;
    [
        Step::new(at(lodged, 10), format!("case/{id}/appeal"), move |mut desk| async move {
            Case::of(&mut desk, id).appeal(&unit, grounds).await
        }),
        Step::new(at(decided, 10), format!("case/{id}/decide-appeal"), move |mut desk| async move {
            Case::of(&mut desk, id).decide_appeal(&cleared, reason).await
        }),
    ]
}

fn unit(id: &str) -> String {
    format!("jurisdictions/{JURISDICTION}/units/{id}")
}

/// An officer gets less than the scale asks for, with a reason and a deputy head's approval.
fn departing(city: &City) -> Matter {
    let traffic = city.unit("traffic-police");
    let officer = traffic.officer(20);
    let against = Found {
        nature: CaseNature::Delay,
        gravity: Gravity::Serious,
        units: vec![traffic.name()],
        officers: vec![officer.clone()],
    };
    let departure =
        ("On the post for three weeks; reported it without being asked", city.units()[0].officer(1));
    Matter {
        id: "licences-late",
        grounds: "Licences lay for weeks after they were ready",
        evidence: "The register of licences shows the day on which each was ready and the day on which it was \
                   handed out",
        facts: "214 licences were handed out more than ten working days after they were ready",
        days: [date(2025, 4, 14), date(2025, 5, 12), date(2025, 5, 19), date(2025, 6, 9)],
        responsible: against.clone(),
        against,
        measures: vec![
            Measure::by_the_scale(&traffic.name(), Disposition::UnitCriticism),
            Measure {
                subject: officer,
                disposition: Disposition::AdmonitoryTalk,
                departure: Some(departure),
            },
        ],
    }
}

/// Two stations are responsible; one of them is cleared on appeal.
fn varied(city: &City) -> (Matter, Appeal) {
    let [north, south] = ["north-sub-bureau-station-1", "south-sub-bureau-station-2"];
    let [north, south] = [north, south].map(|id| city.unit(id).name());
    let against = Found {
        nature: CaseNature::Inaction,
        gravity: Gravity::Serious,
        units: vec![north.clone(), south.clone()],
        officers: vec![],
    };
    let matter = Matter {
        id: "calls-unanswered",
        grounds: "Two stations left the calls of one night to each other",
        evidence: "The log of the command centre for the night",
        facts: "Of 31 calls from the street between the two stations none was answered for an hour",
        days: [date(2025, 6, 9), date(2025, 7, 7), date(2025, 8, 11), date(2025, 9, 1)],
        responsible: against.clone(),
        against,
        measures: vec![Measure::by_the_scale(&north, Disposition::UnitCriticism)],
    };
    let appeal = Appeal {
        unit: south.clone(),
        days: [date(2025, 7, 21), date(2025, 8, 4)],
        cleared: vec![south],
        grounds: "The street was given to the northern station in spring",
        reason: "The order of 2 April says so",
    };
    (matter, appeal)
}

/// An organ is found to have falsified its figures, which is a veto; after the results are out, that falls.
fn overturned() -> (Matter, Appeal) {
    let organ = unit(SECOND_VETOED);
    let against = Found {
        nature: CaseNature::Falsification,
        gravity: Gravity::Grave,
        units: vec![organ.clone()],
        officers: vec![],
    };
    let matter = Matter {
        id: "figures-falsified",
        grounds: "The organ's figures for the half-year do not agree with its own files",
        evidence: "The half-year's report, and the files that it was made from",
        facts: "Of 40 figures looked at 11 are higher than the files have them",
        days: [date(2025, 9, 8), date(2025, 9, 29), date(2025, 10, 13), date(2025, 11, 3)],
        responsible: against.clone(),
        against,
        measures: vec![Measure::by_the_scale(&organ, Disposition::UnitLeadershipReplaced)],
    };
    let appeal = Appeal {
        unit: organ,
        days: [date(2026, 1, 26), date(2026, 2, 12)],
        cleared: vec![],
        grounds: "The files that were looked at were those of another half-year",
        reason: "The right files bear out all 40 figures",
    };
    (matter, appeal)
}

fn exonerated(city: &City) -> Matter {
    let against = Found {
        nature: CaseNature::Shirking,
        gravity: Gravity::Unspecified,
        units: vec![city.unit("public-order").name()],
        officers: vec![],
    };
    Matter {
        id: "market-passed-on",
        grounds: "A night market's noise was passed from office to office",
        evidence: "The letters, with their days of arrival",
        facts: "The unit answered each within two days; the market is not its own",
        days: [date(2025, 10, 13), date(2025, 11, 3), date(2025, 11, 3), date(2025, 11, 10)],
        responsible: Found::default(),
        against,
        measures: vec![],
    }
}

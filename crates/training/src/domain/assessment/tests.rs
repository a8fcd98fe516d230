use eventstore::testing::{Given, given};

use super::*;

const NAME: &str = "jurisdictions/city/officers/o1/assessments/a1";

fn recorded(passed: bool) -> AssessmentRecorded {
    AssessmentRecorded { assessment: NAME.to_owned(), passed, ..AssessmentRecorded::default() }
}

fn corrected(passed: bool) -> AssessmentCorrected {
    AssessmentCorrected {
        assessment: NAME.to_owned(),
        passed,
        reason: "misread".to_owned(),
        ..AssessmentCorrected::default()
    }
}

fn record(passed: bool) -> Command {
    Command::Record { recorded: recorded(passed), own: false, admitted: Ok(()) }
}

fn correct(passed: bool) -> Command {
    Command::Correct { corrected: corrected(passed), own: false, admitted: Ok(()), expected: None }
}

fn assessment(history: impl IntoIterator<Item = Event>) -> Given<Assessment> {
    given([Event::from(recorded(false))].into_iter().chain(history))
}

#[test]
fn an_assessment_is_recorded_once() {
    given::<Assessment>([]).when(record(false)).then([recorded(false).into()]);
    assessment([]).when(record(false)).then_nothing();
    assessment([]).when(record(true)).then_rejected(Rejection::AssessmentExists);
    assessment([corrected(true).into()]).when(record(true)).then_rejected(Rejection::AssessmentExists);
}

#[test]
fn what_was_wrong_is_corrected_in_the_open() {
    assessment([]).when(correct(true)).then([corrected(true).into()]);
    assessment([]).when(correct(false)).then_nothing();
    assessment([corrected(true).into()]).when(correct(false)).then([corrected(false).into()]);
    let unknown = NotAdmitted::UnknownAssessment(NAME.to_owned());
    given::<Assessment>([]).when(correct(true)).then_rejected(unknown.into());
}

#[test]
fn nobody_assesses_themselves() {
    let command = Command::Record { recorded: recorded(true), own: true, admitted: Ok(()) };
    given::<Assessment>([]).when(command).then_rejected(Rejection::OwnAssessment);
    let command =
        Command::Correct { corrected: corrected(true), own: true, admitted: Ok(()), expected: None };
    assessment([]).when(command).then_rejected(Rejection::OwnAssessment);
}

#[test]
fn what_campaign_and_roster_refuse_is_refused() {
    for refusal in [NotAdmitted::CampaignConcluded, NotAdmitted::OfficerNotOnRoster("o1".to_owned())] {
        let admitted = || Err(refusal.clone());
        let command = Command::Record { recorded: recorded(true), own: false, admitted: admitted() };
        given::<Assessment>([]).when(command).then_rejected(refusal.clone().into());
        let command =
            Command::Correct { corrected: corrected(true), own: false, admitted: admitted(), expected: None };
        assessment([]).when(command).then_rejected(refusal.clone().into());
    }
}

#[test]
fn who_edits_an_old_reading_is_told() {
    let command =
        Command::Correct { corrected: corrected(false), own: false, admitted: Ok(()), expected: Some(1) };
    assessment([corrected(true).into()]).when(command).then_rejected(Rejection::AssessmentChanged(2));
}

use eventstore::testing::{Given, given};

use super::*;

const NAME: &str = "jurisdictions/city/campaigns/2024/sessions/s1";

fn held(hours: &str) -> SessionHeld {
    SessionHeld { session: NAME.to_owned(), hours: hours.to_owned(), ..SessionHeld::default() }
}

fn corrected(hours: &str) -> SessionCorrected {
    SessionCorrected {
        session: NAME.to_owned(),
        hours: hours.to_owned(),
        reason: "misread".to_owned(),
        ..SessionCorrected::default()
    }
}

fn voided() -> SessionVoided {
    SessionVoided { session: NAME.to_owned(), reason: "not held".to_owned() }
}

fn hold(hours: &str) -> Command {
    Command::Hold { held: held(hours), admitted: Ok(()) }
}

fn correct(hours: &str) -> Command {
    Command::Correct { corrected: corrected(hours), admitted: Ok(()), expected: None }
}

fn void() -> Command {
    Command::Void { voided: voided(), admitted: Ok(()), expected: None }
}

fn session(history: impl IntoIterator<Item = Event>) -> Given<Session> {
    given([Event::from(held("2"))].into_iter().chain(history))
}

#[test]
fn a_session_is_recorded_once() {
    given::<Session>([]).when(hold("2")).then([held("2").into()]);
    session([]).when(hold("2")).then_nothing();
    session([]).when(hold("3")).then_rejected(Rejection::SessionExists);
    session([corrected("3").into()]).when(hold("3")).then_rejected(Rejection::SessionExists);
}

#[test]
fn what_was_wrong_is_corrected_and_the_last_correction_stands() {
    session([]).when(correct("3")).then([corrected("3").into()]);
    session([]).when(correct("2")).then_nothing();
    session([corrected("3").into()]).when(correct("3")).then_nothing();
    session([corrected("3").into()]).when(correct("2")).then([corrected("2").into()]);
}

#[test]
fn a_voided_session_counts_no_more_and_is_corrected_no_more() {
    session([]).when(void()).then([voided().into()]);
    session([voided().into()]).when(void()).then_nothing();
    for hours in ["2", "3"] {
        session([voided().into()]).when(correct(hours)).then_rejected(Rejection::SessionVoided);
    }
}

#[test]
fn what_campaign_item_and_roster_refuse_is_refused() {
    let refusals = [
        NotAdmitted::CampaignConcluded,
        NotAdmitted::OfficerNotOnRoster("o1".to_owned()),
        NotAdmitted::ItemNotApproved("pursuit".to_owned()),
    ];
    for refusal in refusals {
        let refused = Rejection::from(refusal.clone());
        let command = Command::Hold { held: held("2"), admitted: Err(refusal.clone()) };
        given::<Session>([]).when(command).then_rejected(refused.clone());
        let command =
            Command::Correct { corrected: corrected("3"), admitted: Err(refusal.clone()), expected: None };
        session([]).when(command).then_rejected(refused.clone());
        let command = Command::Void { voided: voided(), admitted: Err(refusal), expected: None };
        session([]).when(command).then_rejected(refused);
    }
}

#[test]
fn only_a_recorded_session_is_corrected_or_voided() {
    for command in [correct("3"), void()] {
        given::<Session>([]).when(command).then_rejected(Rejection::UnknownSession);
    }
}

#[test]
fn who_edits_an_old_reading_is_told() {
    let history = session([corrected("3").into()]);
    let correct =
        |expected| Command::Correct { corrected: corrected("4"), admitted: Ok(()), expected: Some(expected) };
    history.when(correct(1)).then_rejected(Rejection::SessionChanged(2));
    history.when(correct(2)).then([corrected("4").into()]);
    let void = Command::Void { voided: voided(), admitted: Ok(()), expected: Some(1) };
    history.when(void).then_rejected(Rejection::SessionChanged(2));
}

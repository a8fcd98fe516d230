//! Questions and answers, reading, erasure.

use super::*;

fn ask(key: &str) -> Step {
    Step::AskQuestion { question_id: "q1".to_owned(), question: text(key) }
}

fn asked() -> Event {
    let (complaint, question_id) = (NAME.to_owned(), "q1".to_owned());
    QuestionAsked { complaint, question_id, question: Some(text("when?")) }.into()
}

fn answer(question_id: &str, key: &str) -> Step {
    Step::AnswerQuestion { question_id: question_id.to_owned(), answer: text(key) }
}

fn answered() -> Event {
    let (complaint, question_id) = (NAME.to_owned(), "q1".to_owned());
    QuestionAnswered { complaint, question_id, answer: Some(text("at noon")) }.into()
}

fn reading(by: &str, of_unit: bool, texts: Option<&[&str]>) -> Command {
    let texts = texts.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect());
    Command::Reveal(Reading { by: by.to_owned(), of_unit, texts, purpose: "inquiry".to_owned() })
}

fn revealed(keys: &[&str]) -> Event {
    let vault_keys = keys.iter().map(|key| (*key).to_owned()).collect();
    PersonalDataRevealed { complaint: NAME.to_owned(), vault_keys, purpose: "inquiry".to_owned() }.into()
}

fn named(disclosed: bool) -> Event {
    let mut lodged = lodging().lodged;
    lodged.complainant_key = "who".to_owned();
    lodged.identity_disclosed = disclosed;
    lodged.into()
}

fn erase() -> Command {
    Command::Erase { reason: "asked for".to_owned() }
}

fn erased(keys: &[&str]) -> Event {
    let vault_keys = keys.iter().map(|key| (*key).to_owned()).collect();
    ComplainantErased { complaint: NAME.to_owned(), vault_keys, reason: "asked for".to_owned() }.into()
}

#[test]
fn a_question_is_asked_once_and_answered_once() {
    after(ASSIGNED).when(now(ask("when?"))).then([asked()]);
    let open = after_life_and(ASSIGNED, [asked()]);
    open.when(now(ask("when?"))).then_nothing();
    open.when(now(ask("where?"))).then_rejected(Rejection::QuestionExists("q1".to_owned()));
    open.when(now(answer("q1", "at noon"))).then([answered()]);
    open.when(now(answer("q2", "at noon"))).then_rejected(Rejection::UnknownQuestion("q2".to_owned()));
    let over = after_life_and(ASSIGNED, [asked(), answered()]);
    over.when(now(answer("q1", "at noon"))).then_nothing();
    over.when(now(answer("q1", "at one"))).then_rejected(Rejection::AlreadyAnswered("q1".to_owned()));
    after(CLOSED).when(now(ask("when?"))).then_rejected(Rejection::NotOpen);
    let closed = after_life_and(ASSIGNED, [asked(), reported(), verified(), closed()]);
    closed.when(now(answer("q1", "at noon"))).then_rejected(Rejection::NotOpen);
}

#[test]
fn who_complained_is_read_on_record() {
    given::<Complaint>([named(false)]).when(reading("inspector", false, None)).then([revealed(&["who"])]);
    after(LODGED).when(reading("inspector", false, None)).then_nothing();
    given::<Complaint>([named(false)]).when(reading("", false, None)).then_rejected(Rejection::ReaderUnnamed);
}

#[test]
fn the_unit_complained_of_never_sees_who_complained_unless_allowed() {
    let protected = || Rejection::ComplainantProtected(officer("peer"));
    let hidden = given::<Complaint>([named(false)]);
    hidden.when(reading(&officer("peer"), true, None)).then_rejected(protected());
    hidden.when(reading(&officer("peer"), true, Some(&["words"]))).then_rejected(protected());
    let allowed = given::<Complaint>([named(true)]);
    allowed.when(reading(&officer("peer"), true, None)).then([revealed(&["who"])]);
    let own = Rejection::HandlesOwnComplaint(officer("accused"));
    allowed.when(reading(&officer("accused"), true, None)).then_rejected(own);
}

#[test]
fn what_officers_wrote_is_read_by_the_unit_too() {
    let reported = after(REPORTED);
    reported.when(reading(&officer("peer"), true, Some(&["report"]))).then([revealed(&["report"])]);
    reported
        .when(reading("inspector", false, Some(&["elsewhere"])))
        .then_rejected(Rejection::UnknownText("elsewhere".to_owned()));
}

#[test]
fn the_complainant_is_erased_with_all_their_words() {
    let history = [named(false), accepted(), asked(), answered()];
    let all = erased(&["who", "words", "when?", "at noon"]);
    given::<Complaint>(history.clone()).when(erase()).then([all.clone()]);
    let gone = given::<Complaint>(history.into_iter().chain([all]));
    gone.when(erase()).then_nothing();
}

#[test]
fn what_they_say_later_is_erased_by_another_request() {
    let history = [named(false), accepted(), asked(), erased(&["who", "words", "when?"]), answered()];
    given::<Complaint>(history).when(erase()).then([erased(&["at noon"])]);
}

#[test]
fn what_officers_reported_is_not_erased() {
    after(REPORTED).when(erase()).then([erased(&["words"])]);
}

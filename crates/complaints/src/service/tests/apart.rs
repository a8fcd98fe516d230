//! Who is kept from a complaint: those complained of, by whatever name they call, and those of their units.

use contract::evaluation::UnitRegistered;
use contract::training::OfficerTransferred;

use super::secrets::reveal;
use super::*;

/// The bureau with a station, which has a window, and with its supervision; in each an officer of its name, in
/// the station also `accused`.
async fn world() -> World {
    let world = World::start().await;
    for (id, parent) in
        [("bureau", ""), ("station", "bureau"), ("window", "station"), ("supervision", "bureau")]
    {
        let parent = if parent.is_empty() { String::new() } else { unit(parent) };
        let registered = UnitRegistered { unit: unit(id), parent, ..UnitRegistered::default() };
        record(&world.evaluation, "unit_register-city", registered).await;
        enrol(&world, &format!("of-{id}"), id, PostLevel::Staff).await;
    }
    world
}

async fn enrol(world: &World, id: &str, of: &str, post_level: PostLevel) {
    let (officer, unit, post_level) = (officer(id), unit(of), post_level.into());
    let enrolled = OfficerEnrolled { officer, unit, post_level, ..OfficerEnrolled::default() };
    record(&world.training, &format!("officer-city/{id}"), enrolled).await;
}

async fn move_to(world: &World, id: &str, to: &str) {
    let transferred =
        OfficerTransferred { officer: officer(id), unit: unit(to), ..OfficerTransferred::default() };
    record(&world.training, &format!("officer-city/{id}"), transferred).await;
}

/// A complaint of nothing but `accused`, accepted for supervision.
async fn accepted(world: &World, post_level: PostLevel) -> String {
    enrol(world, "accused", "station", post_level).await;
    let mut asked = lodging(1);
    let complaint = asked.complaint.as_mut().unwrap();
    complaint.unit.clear();
    complaint.complained_of = vec![officer("accused")];
    let lodged = world.service.lodge_complaint(Request::new(asked)).await.unwrap().into_inner();
    let name = lodged.complaint.unwrap().name;
    let accept = AcceptComplaintRequest {
        request_id: Uuid::from_u128(2).to_string(),
        name: name.clone(),
        unit: unit("supervision"),
        ..AcceptComplaintRequest::default()
    };
    world.service.accept_complaint(Request::new(accept)).await.unwrap();
    name
}

/// The rule that keeps an actor from who complained; empty: none does.
async fn kept(service: &Service, actor: &str, request_id: u128, name: &str) -> String {
    let answer = service.reveal_complainant(by(actor, reveal(request_id, name))).await;
    answer.map_or_else(|status| rule(&status), |_| String::new())
}

#[tokio::test]
async fn whoever_is_complained_of_is_known_by_their_id_alone() {
    let world = world().await;
    let name = accepted(&world, PostLevel::Staff).await;
    for (actor, number) in [("accused", 3), (&*officer("accused"), 4)] {
        assert_eq!(kept(&world.service, actor, number, &name).await, "complaints.handles_own_complaint");
        let close = CloseComplaintRequest {
            request_id: Uuid::from_u128(number + 10).to_string(),
            name: name.clone(),
            outcome: ClosureOutcome::Unsubstantiated.into(),
            ..CloseComplaintRequest::default()
        };
        let refused = world.service.close_complaint(by(actor, close)).await.unwrap_err();
        assert_eq!(rule(&refused), "complaints.handles_own_complaint");
    }
}

#[tokio::test]
async fn colleagues_of_those_complained_of_and_every_unit_that_had_it_do_not_see_who_complained() {
    const PROTECTED: &str = "complaints.complainant_protected";
    let world = world().await;
    let name = accepted(&world, PostLevel::Staff).await;
    for (actor, number) in [("of-station", 3), ("of-window", 4), ("of-supervision", 5)] {
        assert_eq!(kept(&world.service, actor, number, &name).await, PROTECTED, "{actor}");
    }
    assert_eq!(kept(&world.service, "of-bureau", 6, &name).await, "");
    // Neither a transfer of the complaint nor one of the accused opens it to those who had it, or them.
    let transfer = TransferComplaintRequest {
        request_id: Uuid::from_u128(7).to_string(),
        name: name.clone(),
        unit: unit("window"),
        reason: "theirs".to_owned(),
        ..TransferComplaintRequest::default()
    };
    world.service.transfer_complaint(Request::new(transfer)).await.unwrap();
    move_to(&world, "accused", "window").await;
    for (actor, number) in [("of-station", 8), ("of-window", 9), ("of-supervision", 10)] {
        assert_eq!(kept(&world.service, actor, number, &name).await, PROTECTED, "{actor}");
    }
}

#[tokio::test]
async fn a_reader_who_came_to_the_unit_a_moment_ago_is_of_it() {
    let world = world().await;
    let name = accepted(&world, PostLevel::Staff).await;
    move_to(&world, "of-bureau", "station").await;
    assert_eq!(kept(&world.service, "of-bureau", 3, &name).await, "complaints.complainant_protected");
}

#[tokio::test]
async fn who_complained_is_not_shown_while_it_is_not_known_who_is_of_which_unit() {
    let world = world().await;
    let name = accepted(&world, PostLevel::Staff).await;
    // A replica whose filling has not begun.
    let (stores, stopped) = ([&world.complaints, &world.evaluation, &world.training], Tasks::default());
    stopped.stop.cancel();
    let service = serve(stores, world.service.clock.clone(), [&world.tasks, &stopped]);
    let refused = service.reveal_complainant(by("of-station", reveal(3, &name))).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
}

#[tokio::test]
async fn nobody_below_a_leader_complained_of_judges_or_handles_it() {
    let world = world().await;
    let name = accepted(&world, PostLevel::DivisionHead).await;
    enrol(&world, "chief", "window", PostLevel::BureauHead).await;
    let lead = AppointLeaderRequest {
        request_id: Uuid::from_u128(3).to_string(),
        name: name.clone(),
        leader: officer("chief"),
        ..AppointLeaderRequest::default()
    };
    let refused = world.service.appoint_leader(Request::new(lead)).await.unwrap_err();
    assert_eq!(rule(&refused), "complaints.handles_own_unit");
    let find = |number| UnsubstantiateComplaintRequest {
        request_id: Uuid::from_u128(number).to_string(),
        name: name.clone(),
        finding: "Nothing to it.".to_owned(),
        ..UnsubstantiateComplaintRequest::default()
    };
    for (actor, number) in [("of-station", 4), ("of-window", 5)] {
        let refused = world.service.unsubstantiate_complaint(by(actor, find(number))).await.unwrap_err();
        assert_eq!(rule(&refused), "complaints.handles_own_unit", "{actor}");
    }
    world.service.unsubstantiate_complaint(by("of-supervision", find(6))).await.unwrap();
    let close = |number| CloseComplaintRequest {
        request_id: Uuid::from_u128(number).to_string(),
        name: name.clone(),
        outcome: ClosureOutcome::Unsubstantiated.into(),
        ..CloseComplaintRequest::default()
    };
    let refused = world.service.close_complaint(by("of-window", close(7))).await.unwrap_err();
    assert_eq!(rule(&refused), "complaints.handles_own_unit");
    world.service.close_complaint(by("inspector 7", close(8))).await.unwrap();
}

//! Who is excellent, by the results as last published.

use std::collections::BTreeMap;

use scoring::ranking::split_quota;

use super::*;

pub(super) async fn get_excellent_list(
    service: &Service,
    request: Request<GetExcellentListRequest>,
) -> Answer<GetExcellentListResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = CycleName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let opened = {
        let model = service.reads.now();
        let opened = model.cycles.get(&name.key()).and_then(|loaded| loaded.state.opened());
        opened.cloned().ok_or_else(|| Failure::not_found(&name))?
    };
    let cycle::Phase::Published { results, revisions } = &opened.phase else {
        return Err(Failure::from(&cycle::Rejection::NotPublished).into());
    };
    let scheme = service.scheme(&opened.terms.scheme, opened.terms.scheme_version).await?;
    let groups = groups(results, &opened.terms.ranked_groups, scheme.excellent_quota());
    let revisions = u32::try_from(revisions.len()).unwrap_or(u32::MAX);
    Ok(Response::new(GetExcellentListResponse { groups, revisions }))
}

fn groups(results: &[UnitResult], ranked: &[u32], quota: u32) -> Vec<ExcellentGroup> {
    let of = |group: u32| results.iter().filter(move |result| result.group == group);
    let size = |group: &u32| (*group, u32::try_from(of(*group).count()).unwrap_or(u32::MAX));
    let sizes: BTreeMap<_, _> = ranked.iter().map(size).collect();
    let places = split_quota(quota, &sizes);
    let list = |(group, units): (&u32, &u32)| {
        let places = places.get(group).copied().unwrap_or(0);
        let ranked = |wanted: &dyn Fn(&UnitResult) -> bool| {
            let mut found: Vec<_> = of(*group).filter(|result| wanted(result)).cloned().collect();
            found.sort_by_key(|result| result.rank);
            found
        };
        let barred = |result: &UnitResult| result.vetoed && (1..=places).contains(&result.rank);
        ExcellentGroup {
            group: *group,
            units: *units,
            places,
            excellent: ranked(&|result| result.excellent),
            barred: ranked(&barred),
        }
    };
    sizes.iter().map(list).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(unit: &str, rank: u32, vetoed: bool, excellent: bool) -> UnitResult {
        UnitResult { unit: unit.to_owned(), group: 1, rank, excellent, vetoed, ..UnitResult::default() }
    }

    #[test]
    fn a_veto_bars_a_unit_and_passes_its_place_to_nobody() {
        let other = UnitResult { group: 2, ..result("d", 1, false, false) };
        let results =
            [result("c", 3, false, false), result("b", 2, true, false), result("a", 1, false, true)];
        let listed = groups(&[&results[..], &[other]].concat(), &[1], 2);
        let [group] = listed.as_slice() else { panic!("{listed:?}") };
        assert_eq!((group.group, group.units, group.places), (1, 3, 2));
        let names =
            |results: &[UnitResult]| results.iter().map(|result| result.unit.clone()).collect::<Vec<_>>();
        assert_eq!(
            (names(&group.excellent), names(&group.barred)),
            (vec!["a".to_owned()], vec!["b".to_owned()])
        );
    }
}

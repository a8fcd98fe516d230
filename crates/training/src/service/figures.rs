//! The figures, and what lies behind them.

use super::*;

pub(super) async fn get_training_figures(
    service: &Service,
    request: Request<GetTrainingFiguresRequest>,
) -> Answer<GetTrainingFiguresResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let campaign = CampaignName::parse("name", &asked.name)?;
    let asked_of = Asked::parse(&campaign, &asked.unit, asked.with_subtree, &asked.speciality)?;
    service.wait(&asked.consistency_token, patience).await?;
    let figures = asked_of.figures(service)?;
    Ok(Response::new(GetTrainingFiguresResponse { figures: Some(figures) }))
}

pub(super) async fn list_training_figures(
    service: &Service,
    request: Request<ListTrainingFiguresRequest>,
) -> Answer<ListTrainingFiguresResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let campaign = CampaignName::parse("parent", &asked.parent)?;
    let breakdown = field::enumeration::<TrainingBreakdown>("breakdown", asked.breakdown)?;
    let whole = Asked::parse(&campaign, &asked.unit, asked.with_subtree, &asked.speciality)?;
    service.wait(&asked.consistency_token, patience).await?;
    let unit = whole.unit(service)?;
    let rows: Vec<(String, Asked)> = match breakdown {
        TrainingBreakdown::Speciality => {
            let all = service.reads.now().training.specialities(&whole.campaign, &whole.scope());
            let row = |speciality: String| (speciality.clone(), Asked { speciality, ..whole.clone() });
            // Units without a speciality are no row: an empty one asks for all.
            all.into_iter().filter(|speciality| !speciality.is_empty()).map(row).collect()
        }
        TrainingBreakdown::Unit | TrainingBreakdown::Unspecified => {
            let below = service.replica.now().directly_below(&unit);
            // The unit itself comes first, whatever its name.
            let rows = std::iter::once((String::new(), unit))
                .chain(below.into_iter().map(|unit| (unit.clone(), unit)));
            rows.map(|(key, unit)| (key, Asked { unit, ..whole.clone() })).collect()
        }
    };
    let (rows, next_page_token) = pages::page(rows.into_iter(), asked.page_size, &asked.page_token)?;
    let figures = rows.iter().map(|row| row.figures(service)).collect::<Result<_, _>>()?;
    Ok(Response::new(ListTrainingFiguresResponse { figures, next_page_token }))
}

pub(super) async fn list_missing_officers(
    service: &Service,
    request: Request<ListMissingOfficersRequest>,
) -> Answer<ListMissingOfficersResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let campaign = CampaignName::parse("parent", &asked.parent)?;
    let asked_of = Asked::parse(&campaign, &asked.unit, asked.with_subtree, &asked.speciality)?;
    let (mut page, after) = Page::start(asked.page_size, &asked.page_token)?;
    service.wait(&asked.consistency_token, patience).await?;
    asked_of.unit(service)?;
    let missing: Vec<String> = {
        let model = service.reads.now();
        let (scope, wanted) = (asked_of.scope(), page.size() + 1);
        let missing = model.training.missing(&asked_of.campaign, &scope, asked.leaders_only, &after, wanted);
        missing.into_iter().map(str::to_owned).collect()
    };
    for (id, officer) in service.officers_at(&campaign.jurisdiction, missing, None).await? {
        if page.is_full_with(id, officer) {
            break;
        }
    }
    let (officers, next_page_token) = page.end();
    Ok(Response::new(ListMissingOfficersResponse { officers, next_page_token }))
}

pub(super) async fn list_uncovered_units(
    service: &Service,
    request: Request<ListUncoveredUnitsRequest>,
) -> Answer<ListUncoveredUnitsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let campaign = CampaignName::parse("parent", &asked.parent)?;
    let asked_of = Asked::parse(&campaign, &asked.unit, asked.with_subtree, &asked.speciality)?;
    service.wait(&asked.consistency_token, patience).await?;
    asked_of.unit(service)?;
    let uncovered = service.reads.now().training.uncovered(&asked_of.campaign, &asked_of.scope());
    let units = uncovered.into_iter().map(|unit| (unit.clone(), unit));
    let (units, next_page_token) = pages::page(units, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListUncoveredUnitsResponse { units, next_page_token }))
}

pub(super) async fn list_stalled_units(
    service: &Service,
    request: Request<ListStalledUnitsRequest>,
) -> Answer<ListStalledUnitsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let campaign = CampaignName::parse("parent", &asked.parent)?;
    let only = Only::parse("unit", &asked.unit, asked.with_subtree, &campaign.jurisdiction)?;
    service.wait(&asked.consistency_token, patience).await?;
    let (model, replica) = (service.reads.now(), service.replica.now());
    let concluded = model.campaigns.get(&campaign.key());
    let concluded = concluded
        .and_then(|loaded| loaded.state.launched())
        .is_some_and(|launched| launched.conclusion.is_some());
    let wanted = |stall: &&Stall| {
        let unit = &stall.stalled.unit;
        let over = concluded || stall.resumed_at.is_some();
        (asked.include_resumed || !over)
            && (asked.speciality.is_empty() || replica.has_speciality(unit, &asked.speciality))
            && only.lets(unit, &replica)
    };
    let stalls = model.stalls(&campaign.to_string()).iter().filter(wanted);
    // Those that stand still longest come first.
    let key = |stall: &Stall| format!("{}/{}/{}", stall.stalled.due_date, stall.stalled.unit, stall.event_id);
    let mut stalls: Vec<_> = stalls.map(|stall| (key(stall), resource::stall(stall))).collect();
    stalls.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let (stalled_units, next_page_token) =
        pages::page(stalls.into_iter(), asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListStalledUnitsResponse { stalled_units, next_page_token }))
}

/// Which figures are asked for.
#[derive(Clone)]
struct Asked {
    campaign: String,
    /// Resource name; empty: the campaign's.
    unit: String,
    with_subtree: bool,
    speciality: String,
}

impl Asked {
    fn parse(
        campaign: &CampaignName,
        unit: &str,
        with_subtree: bool,
        speciality: &str,
    ) -> Result<Self, BadField> {
        Only::parse("unit", unit, with_subtree, &campaign.jurisdiction)?;
        let speciality = field::optional_text("speciality", speciality, SPECIALITY_LENGTH_MAX)?;
        Ok(Self { campaign: campaign.to_string(), unit: unit.to_owned(), with_subtree, speciality })
    }

    fn scope(&self) -> Scope<'_> {
        Scope { unit: &self.unit, with_subtree: self.with_subtree, speciality: &self.speciality }
    }

    /// The unit asked for, if there is such a campaign.
    fn unit(&self, service: &Service) -> Result<String, Failure> {
        let key = CampaignName::parse("name", &self.campaign)?.key();
        let model = service.reads.now();
        let launched = model.campaigns.get(&key).and_then(|loaded| loaded.state.launched());
        let launched = launched.ok_or_else(|| Failure::not_found(&self.campaign))?;
        Ok(if self.unit.is_empty() { launched.terms.unit.clone() } else { self.unit.clone() })
    }

    fn figures(&self, service: &Service) -> Result<TrainingFigures, Failure> {
        let unit = self.unit(service)?;
        let key = CampaignName::parse("name", &self.campaign)?.key();
        let model = service.reads.now();
        let figures = model.training.figures(&self.campaign, &self.scope());
        let cutoff = model.campaigns.get(&key).and_then(|loaded| loaded.state.launched());
        let cutoff =
            cutoff.and_then(|launched| launched.terms.rules.as_ref()).map(|rules| &rules.cutoff_date);
        let today = field::day_of((service.clock)()).to_string();
        // Days are written YYYY-MM-DD: their order is the order of their text.
        let roster_date = cutoff.filter(|cutoff| **cutoff < today).unwrap_or(&today).clone();
        let figures = figures.ok_or_else(|| Failure::not_found(&self.campaign))?;
        Ok(TrainingFigures {
            campaign: self.campaign.clone(),
            unit,
            with_subtree: self.with_subtree,
            speciality: self.speciality.clone(),
            roster_date,
            ..resource::figures(&figures)
        })
    }
}

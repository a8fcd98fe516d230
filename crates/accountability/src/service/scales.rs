//! The disposition scale: set, shown.

use super::*;

const STEPS_MAX: usize = 100;
/// Dispositions up to this number are for units, those above for officers.
const UNITS_UP_TO: i32 = 10;

pub(super) async fn set_disposition_scale(
    service: &Service,
    request: Request<SetDispositionScaleRequest>,
) -> Answer<SetDispositionScaleResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = JurisdictionName::parse("parent", &asked.parent)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let scale = DispositionScaleSet { jurisdiction: name.to_string(), steps: steps(&asked.steps)? };
    let command = scale::Command::Set { scale, expected };
    let answer = |loaded: &eventstore::Loaded<_>| SetDispositionScaleResponse {
        scale: resource::scale(loaded, &name.jurisdiction, loaded.stream_version),
        ..Default::default()
    };
    let stream = stream_of(&name.jurisdiction);
    service.scales.execute(&call, &stream, command, |decided| answer(decided.after)).await
}

pub(super) async fn get_disposition_scale(
    service: &Service,
    request: Request<GetDispositionScaleRequest>,
) -> Answer<GetDispositionScaleResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let parent = asked.name.strip_suffix("/dispositionScale");
    let bad = || BadField::new("name", "must be a name like `jurisdictions/{jurisdiction}/dispositionScale`");
    let JurisdictionName { jurisdiction } =
        parent.and_then(|parent| JurisdictionName::parse("name", parent).ok()).ok_or_else(bad)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let never_set = eventstore::Loaded::default();
    let loaded = model.scales.get(&jurisdiction).unwrap_or(&never_set);
    let scale_version = asked.scale_version.unwrap_or(loaded.stream_version);
    let scale = resource::scale(loaded, &jurisdiction, scale_version);
    let scale = scale.ok_or_else(|| Failure::not_found(format!("version {scale_version} of the scale")))?;
    Ok(Response::new(GetDispositionScaleResponse { scale: Some(scale) }))
}

/// The stream that a jurisdiction's scale lies in.
pub(super) fn stream_of(jurisdiction: &str) -> StreamId {
    StreamId::new(scale::Scale::CATEGORY, jurisdiction)
}

/// Steps by nature and gravity, each at most once.
fn steps(asked: &[ScaleStep]) -> Result<Vec<ScaleStep>, BadField> {
    if asked.is_empty() || asked.len() > STEPS_MAX {
        return Err(BadField::new("steps", format!("must be 1 to {STEPS_MAX}")));
    }
    let mut steps = Vec::with_capacity(asked.len());
    for (row, step) in asked.iter().enumerate() {
        check(step).map_err(|bad| bad.in_row("steps", row))?;
        steps.push(*step);
    }
    steps.sort_by_key(|step| (step.nature, step.gravity));
    let twice = steps.windows(2).any(|pair| {
        let [one, other] = pair else { return false };
        (one.nature, one.gravity) == (other.nature, other.gravity)
    });
    if twice {
        Err(BadField::new("steps", "must have each nature and gravity at most once"))
    } else {
        Ok(steps)
    }
}

fn check(step: &ScaleStep) -> Result<(), BadField> {
    field::enumeration::<CaseNature>("nature", step.nature)?;
    field::enumeration::<Gravity>("gravity", step.gravity)?;
    if step.unit_minimum != 0 {
        unit_disposition("unit_minimum", step.unit_minimum)?;
    }
    if step.officer_minimum != 0 {
        officer_disposition("officer_minimum", step.officer_minimum)?;
    }
    Ok(())
}

/// A disposition that is for units.
pub(super) fn unit_disposition(field: &'static str, value: i32) -> Result<Disposition, BadField> {
    let disposition: Disposition = field::enumeration(field, value)?;
    if value <= UNITS_UP_TO { Ok(disposition) } else { Err(BadField::new(field, "must be one for units")) }
}

/// A disposition that is for officers.
pub(super) fn officer_disposition(field: &'static str, value: i32) -> Result<Disposition, BadField> {
    let disposition: Disposition = field::enumeration(field, value)?;
    if value > UNITS_UP_TO { Ok(disposition) } else { Err(BadField::new(field, "must be one for officers")) }
}

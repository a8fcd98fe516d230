use std::sync::Arc;
use std::time::{Duration, Instant};
use contract::evaluation::*;
use contract::evaluation::entry_recorded::Target;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::*;
use contract::words::{SchemeRules, component::Method, SurveyMethod, SurveyLevel, Stratum, LedgerMethod, AssessorMethod, DailySource};
use eventstore::store::{Request, StreamWrite};
use eventstore::*;
use eventstore::sqlite::SqliteLog;
use jiff::Timestamp;
use prost::{Message, Name};
use uuid::Uuid;

const J: &str = "jurisdictions/dalian-city";
fn cycle() -> String { format!("{J}/cycles/2009") }
fn unit(n: u64) -> String { format!("{J}/units/unit-{n:03}") }
fn new<M: Message + Name>(m: M) -> NewEvent { NewEvent { event_type: M::full_name(), unit: String::new(), payload: m.encode_to_vec() } }

fn cpu() -> f64 { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect(); (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0 }
#[tokio::main]
async fn main() {
    let total: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(400_000);
    let dir = tempfile::tempdir().unwrap();
    let tasks = shell::Tasks::default();
    let log = Arc::new(SqliteLog::open(&dir.path().join("evaluation.db")).await.unwrap());
    let clock: Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
    let store = EventStore::start("evaluation", log, clock, &tasks.tracker).await.unwrap();
    let mut id = 0u128;
    let mut append = |stream: String, events: Vec<NewEvent>| { id += 1; Append {
        writes: vec![StreamWrite { stream: StreamId::from_log(stream), expected: ExpectedVersion::Any, events }], guards: vec![],
        metadata: Metadata { actor: "clerk".into(), jurisdiction: "dalian-city".into(), occurred_at: Timestamp::UNIX_EPOCH, correlation_id: Uuid::nil(), causation_id: Uuid::nil(), traceparent: String::new() },
        request: Request { request_id: Uuid::from_u128(id), fingerprint: [0;32], answer: vec![] } } };
    let comp = |i: &str, m: &str, method| contract::words::Component { component_id: i.into(), title: i.into(), max_points: m.into(), method: Some(method) };
    let lv = |i: &str, v: &str| SurveyLevel { level_id: i.into(), title: i.into(), value: Some(v.into()) };
    let st = |i: &str, w: &str| Stratum { stratum_id: i.into(), title: i.into(), weight: w.into() };
    let rules = SchemeRules { title: "x".into(), components: vec![comp("work","30",Method::Assessor(AssessorMethod{})), comp("building","30",Method::Ledger(LedgerMethod{start_points:"28".into()})),
        comp("public","40",Method::Survey(SurveyMethod{levels: vec![lv("good","1"),lv("fair","0.6"),lv("poor","0.3"),lv("bad","0")], strata: vec![st("recipients","0.5"),st("residents","0.3"),st("enterprises","0.2")], min_valid: 1}))],
        daily_sources: vec![DailySource{source_id:"inspection".into(), title:"i".into(), cap:"10".into(), bonus_cap:"5".into(), tariffs: vec![]}], rollup_share: "".into(), veto_cap: None, excellent_quota: 25, accountability_threshold: None };
    let scheme = format!("{J}/schemes/first");
    let mut events = vec![new(SchemeDrafted{scheme: scheme.clone(), scheme_version:1, rules:Some(rules)}), new(SchemePublished{scheme: scheme.clone(), scheme_version:1}),
        new(CycleOpened{cycle: cycle(), scheme, scheme_version:1, ranked_groups: vec![1,2,3], ..Default::default()})];
    for n in 0..101 { events.push(new(UnitRegistered{unit: unit(n), title: format!("Unit {n}"), ..Default::default()})); events.push(new(UnitEntered{cycle: cycle(), unit: unit(n), group: (n%5+1) as u32, ..Default::default()}));
        events.push(new(MarkRecorded{cycle: cycle(), unit: unit(n), component_id: "work".into(), points: format!("{}.5", n%29)})); }
    events.push(new(SurveyPlanned{cycle: cycle(), component_id:"public".into(), strata: ["recipients","residents","enterprises"].iter().map(|s| StratumPlan{stratum_id:(*s).into(), forms_max: 100000}).collect()}));
    store.append(append("setup-x".into(), events)).await.unwrap();
    let started = Instant::now();
    let mut n = 0u64;
    while n < total {
        let mut boxed = vec![]; let mut daily = vec![];
        for _ in 0..1000 { n += 1;
            if n % 4 == 0 { daily.push(new(EntryRecorded{cycle: cycle(), unit: unit(n%101), entry_id: format!("inspection-{n:032x}"), target: Some(Target::SourceId("inspection".into())), points: format!("-0.{:02}", n%99+1), reason: "late answer at the service window".into(), cause_event_id: String::new(), entry_date: "2009-05-01".into(), ..Default::default()})) }
            else { boxed.push(new(FormAnswered{cycle: cycle(), component_id:"public".into(), stratum_id: ["recipients","residents","enterprises"][(n%3) as usize].into(),
                answers: (0..10).map(|k| FormAnswer{unit: unit((n*7+k)%101), level_id: ["good","fair","poor","bad"][((n+k)%4) as usize].into()}).collect()})) } }
        let (a,b) = (append("survey_box-dalian-city/2009/public".into(), boxed), append(format!("daily_assessment-x/{n}"), daily));
        let (a,b) = tokio::join!(store.append(a), store.append(b)); a.unwrap(); b.unwrap();
    }
    println!("wrote {n} in {:?}", started.elapsed());
    let reader = store.reader().clone();
    let all_read = |_| async { let c0 = cpu(); let t = Instant::now(); let mut sub = reader.subscribe(1); let mut c = 0u64; let head = reader.head().await.unwrap().position; let mut kept = vec![];
        while c < head { let p = sub.next().await.unwrap(); c += p.len() as u64; kept.extend(p); } println!("cpu {:.2}", cpu() - c0); (t.elapsed(), kept) };
    let (t, kept) = all_read(0).await;
    println!("read {} in {t:?}: {:.0}/s", kept.len(), kept.len() as f64 / t.as_secs_f64());
    for _ in 0..3 { let c = cpu(); let t = Instant::now(); let folded = scorecard::fold(kept.iter().map(|e| ("evaluation", e))).unwrap(); let t = t.elapsed();
        println!("fold {:?}, cpu {:.2} = {:.0}/cpu s: {:.0}/s {}", t, cpu() - c, kept.len() as f64 / (cpu() - c), kept.len() as f64 / t.as_secs_f64(), folded.reached()["evaluation"].position); }
    // read + fold pipelined, no persistence
    { let t = Instant::now(); let (s, mut r) = tokio::sync::mpsc::channel::<Vec<RecordedEvent>>(8); let rd = reader.clone(); let count = kept.len();
      let h = tasks.tracker.spawn(async move { let mut sub = rd.subscribe(1); let mut c = 0; while c < count { let p = sub.next().await.unwrap(); c += p.len(); s.send(p).await.unwrap(); } });
      let mut folded = scorecard::Folded::default(); while let Some(p) = r.recv().await { for e in &p { folded.take("evaluation", e).unwrap(); } } h.await.unwrap();
      println!("read+fold {:?}: {:.0}/s", t.elapsed(), count as f64 / t.elapsed().as_secs_f64()); }
    { let folded = scorecard::fold(kept.iter().map(|e| ("evaluation", e))).unwrap(); let name = contract::name::CycleName::parse("x", &cycle()).unwrap();
      let c = cpu(); let t = Instant::now(); for _ in 0..20 { folded.scorecards(&name).unwrap(); } println!("compute: {:?} each, cpu {:.1} ms", t.elapsed() / 20, (cpu() - c) * 50.0); }
    drop(kept);
    let c = cpu();
    let t = Instant::now();
    let sc = scorecard::Scorecard::start(vec![reader.clone()], &dir.path().join("scorecard.db"), &tasks).await.unwrap();
    sc.catch_up(Duration::from_secs(600)).await.unwrap();
    println!("catch up with persistence cpu {:.2} {:?}: {:.0}/s", cpu() - c, t.elapsed(), n as f64 / t.elapsed().as_secs_f64());
    let t2 = shell::Tasks::default();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let t = Instant::now();
    let sc2 = scorecard::Scorecard::start(vec![reader.clone()], &dir.path().join("scorecard.db"), &t2).await.unwrap();
    sc2.catch_up(Duration::from_secs(600)).await.unwrap();
    println!("restart {:?}", t.elapsed()); drop(sc2);
    // reads in process
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(); let addr = listener.local_addr().unwrap();
    tasks.tracker.spawn(tonic::transport::Server::builder().add_service(sc.server()).serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true))));
    for inflight in [1usize, 32, 256] {
        let ch = tonic::transport::Channel::from_shared(format!("http://{addr}")).unwrap().connect().await.unwrap();
        let t = Instant::now(); let mut hs = vec![];
        let first = Instant::now();
        for k in 0..inflight { let mut c = ScorecardServiceClient::new(ch.clone()); hs.push(tasks.tracker.spawn(async move { let mut n = 0u64; let t = Instant::now(); while t.elapsed() < Duration::from_secs(3) {
            c.get_scorecard(GetScorecardRequest{ name: format!("{}/scorecards/unit-{:03}", cycle(), (k as u64 + n) % 101), ..Default::default() }).await.unwrap(); n += 1; } n })); }
        let mut sum = 0; for h in hs { sum += h.await.unwrap(); }
        println!("grpc inflight {inflight}: {:.0}/s ({:?})", sum as f64 / t.elapsed().as_secs_f64(), first.elapsed());
    }
    // one change then a read
    let mut c = ScorecardServiceClient::connect(format!("http://{addr}")).await.unwrap();
    for k in 0..5u64 { let a = append(format!("daily_assessment-y/{k}"), vec![new(EntryRecorded{cycle: cycle(), unit: unit(1), entry_id: format!("y{k}"), target: Some(Target::SourceId("inspection".into())), points: "-0.1".into(), reason: "r".into(), ..Default::default()})]);
        let t = Instant::now();
        let store::Outcome::Appended { position, .. } = store.append(a).await.unwrap() else { panic!() };
        let appended = t.elapsed();
        c.get_scorecard(GetScorecardRequest{ name: format!("{}/scorecards/unit-001", cycle()), consistency_token: format!("evaluation:{position}"), ..Default::default() }).await.unwrap();
        println!("append {appended:?}, then read {:?}", t.elapsed() - appended); }
    let t = Instant::now();
    let r = c.clone().max_decoding_message_size(1<<30).explain_scorecard(ExplainScorecardRequest{ name: format!("{}/scorecards/unit-001", cycle()), ..Default::default() }).await.unwrap().into_inner();
    println!("explain {:?}: {} lines", t.elapsed(), r.lines.len());
}

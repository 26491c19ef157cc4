//! The toy cloud: things, faults and a log of calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use wpstack_core::provider::{TAG_OBJECT, TAG_OWNER};
use wpstack_core::time::{Clock, VirtualClock, between};
use wpstack_core::{Cx, Drifts, ErrorKind, Observed, ProviderError};

use super::fate::{Fate, Point};
use super::kinds::ToyState;

/// What a thing is made to be, its references resolved to ids.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) needs: Vec<String>,
    pub(super) waits: Vec<String>,
    pub(super) bound: Vec<String>,
    pub(super) size: u32,
    pub(super) place: u32,
    pub(super) lock: u32,
    pub(super) apart: bool,
    pub(super) later: bool,
    pub(super) create: Duration,
    pub(super) delete: Duration,
}

impl Shape {
    fn references(&self) -> impl Iterator<Item = &String> {
        self.needs.iter().chain(&self.waits).chain(&self.bound)
    }
}

/// A thing in the toy cloud.
#[derive(Clone, Debug)]
struct Thing {
    owner: String,
    object: String,
    shape: Shape,
    version: u32,
    configured: bool,
    ready_at: Timestamp,
    gone_at: Option<Timestamp>,
    broken: bool,
}

/// A verb of the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Find,
    Create,
    Configure,
    Read,
    Update,
    Delete,
}

impl Verb {
    pub(crate) const ALL: [(&'static str, Self); 6] = [
        ("find", Self::Find),
        ("create", Self::Create),
        ("configure", Self::Configure),
        ("read", Self::Read),
        ("update", Self::Update),
        ("delete", Self::Delete),
    ];

    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, verb)| *verb == self).map_or("", |(word, _)| word)
    }

    fn changes(self) -> bool {
        matches!(self, Self::Create | Self::Configure | Self::Update | Self::Delete)
    }
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// It fails so, without effect.
    Fails(ErrorKind),
    /// It takes effect, and the answer is lost.
    Lost,
    /// It takes effect, and the thing will never be usable.
    Broken,
    /// It takes effect, and settling takes that many seconds.
    Slow(u64),
}

/// A fault, for the next so many calls of that kind about the object of that name.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) verb: Verb,
    pub(crate) name: String,
    pub(crate) kind: FaultKind,
    pub(crate) times: u32,
}

/// The cloud. Clones are the same cloud.
#[derive(Clone)]
pub(crate) struct Cloud {
    world: Arc<Mutex<World>>,
    fate: Fate,
    clock: VirtualClock,
}

#[derive(Default)]
struct World {
    things: BTreeMap<String, Thing>,
    made: u32,
    faults: Vec<Fault>,
    calls: Vec<String>,
    began: Option<Timestamp>,
}

impl Cloud {
    pub(super) fn new(clock: VirtualClock) -> Self {
        Self { world: Arc::default(), fate: Fate::of(None), clock }
    }

    /// The same cloud, used by the process of that fate.
    pub(super) fn used_by(&self, fate: &Fate) -> Self {
        Self { fate: fate.clone(), ..self.clone() }
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.world().faults.push(fault);
    }

    pub(crate) fn clear_faults(&self) {
        self.world().faults.clear();
    }

    /// The calls since the last time they were taken.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        let mut world = self.world();
        world.began = None;
        std::mem::take(&mut world.calls)
    }

    /// How many things there are, those included that are on their way out.
    pub(crate) fn len(&self) -> usize {
        self.gone();
        self.world().things.len()
    }

    /// Every object that stands, how often: more than once is one too many.
    pub(crate) fn objects(&self) -> BTreeMap<String, usize> {
        self.gone();
        let mut counts = BTreeMap::new();
        for thing in self.world().things.values() {
            *counts.entry(thing.object.clone()).or_insert(0) += 1;
        }
        counts
    }

    /// Changes a thing behind everybody's back.
    pub(crate) fn outside_change(&self, name: &str, field: &str, value: u32) {
        let mut world = self.world();
        let thing = world.things.values_mut().find(|thing| thing.name() == name);
        let shape = &mut thing.unwrap_or_else(|| panic!("there is no {name}")).shape;
        match field {
            "size" => shape.size = value,
            "place" => shape.place = value,
            "lock" => shape.lock = value,
            _ => panic!("{field} cannot be changed outside"),
        }
    }

    /// Mends a thing that will never be usable: it settles once more.
    pub(crate) fn outside_mend(&self, name: &str) {
        let now = self.clock.now();
        let mut world = self.world();
        for thing in world.things.values_mut().filter(|thing| thing.name() == name) {
            (thing.broken, thing.ready_at) = (false, now + thing.shape.create);
        }
    }

    /// Deletes a thing, and does not care who refers to it.
    pub(crate) fn outside_delete(&self, name: &str) {
        self.world().things.retain(|_, thing| thing.name() != name);
    }

    /// The world as lines. Ids and generations are left out of them unless `ids` asks for them.
    pub(crate) fn show(&self, ids: bool) -> Vec<String> {
        self.gone();
        let world = self.world();
        let now = self.clock.now();
        let name = |id: &String| match (ids, world.things.get(id)) {
            (true, _) => id.clone(),
            (false, Some(thing)) => thing.address().to_owned(),
            (false, None) => format!("dangling {id}"),
        };
        let list = |ids: &[String]| ids.iter().map(name).collect::<Vec<_>>().join(" ");
        let mut lines: Vec<_> = world
            .things
            .iter()
            .map(|(id, thing)| {
                let Shape { needs, waits, bound, size, place, lock, .. } = &thing.shape;
                let who =
                    if ids { format!("{} {id}", thing.object) } else { thing.address().into() };
                let mut line = format!("{who} size={size} place={place} lock={lock}");
                for (field, refs) in [("needs", needs), ("waits", waits), ("bound", bound)] {
                    if !refs.is_empty() {
                        line.extend([" ", field, "=[", list(refs).as_str(), "]"]);
                    }
                }
                line += if thing.configured { "" } else { " unconfigured" };
                line + match thing {
                    Thing { gone_at: Some(_), .. } => " deleting",
                    Thing { broken: true, .. } => " broken",
                    _ if thing.ready_at > now => " settling",
                    _ => " ready",
                }
            })
            .collect();
        lines.sort();
        lines
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Lets those go whose time has come.
    fn gone(&self) {
        let now = self.clock.now();
        self.world().things.retain(|_, thing| thing.gone_at.is_none_or(|at| at > now));
    }

    /// Begins a call: logs it, passes `takes`, and fails as scripted. A scripted fault with effect is returned.
    async fn enter(
        &self,
        verb: Verb,
        cx: &Cx,
        takes: Duration,
    ) -> Result<Option<FaultKind>, ProviderError> {
        self.fate.alive().await;
        let object = cx.object();
        {
            let mut world = self.world();
            let began = *world.began.get_or_insert(self.clock.now());
            let at = between(began, self.clock.now()).as_secs_f64();
            world.calls.push(format!("{at:.1} {} {object}", verb.word()));
        }
        if takes > Duration::ZERO {
            self.clock.sleep(takes).await;
        }
        self.fate.alive().await;
        if verb.changes() {
            self.fate.moment(None, object).await;
        }
        self.gone();
        let mut world = self.world();
        let fits = |fault: &&mut Fault| {
            fault.verb == verb && fault.name == object.address.name() && fault.times > 0
        };
        let Some(fault) = world.faults.iter_mut().find(fits) else {
            return Ok(None);
        };
        fault.times -= 1;
        match fault.kind {
            FaultKind::Fails(kind) => Err(failure(kind, verb, "as scripted")),
            kind @ (FaultKind::Lost | FaultKind::Broken | FaultKind::Slow(_)) => Ok(Some(kind)),
        }
    }

    /// Ends a call that took effect: the answer may get lost.
    async fn leave<T>(
        &self,
        verb: Verb,
        cx: &Cx,
        fault: Option<FaultKind>,
        answer: T,
    ) -> Result<T, ProviderError> {
        self.fate.moment(Some(Point::AfterCall), cx.object()).await;
        match fault {
            Some(FaultKind::Lost) => Err(failure(ErrorKind::Unclear, verb, "the answer was lost")),
            _ => Ok(answer),
        }
    }

    pub(super) async fn find_thing(&self, cx: &Cx) -> Result<Option<ToyState>, ProviderError> {
        self.enter(Verb::Find, cx, Duration::ZERO).await?;
        let (object, owner) = (tag(cx, TAG_OBJECT), tag(cx, TAG_OWNER));
        let now = self.clock.now();
        let world = self.world();
        let ours = |thing: &Thing| thing.object == object && thing.owner == owner;
        let found = world.things.iter().find(|(_, thing)| ours(thing) && thing.gone_at.is_none());
        Ok(found.map(|(id, thing)| thing.state(id, now)))
    }

    pub(super) async fn create_thing(
        &self,
        cx: &Cx,
        shape: Shape,
    ) -> Result<ToyState, ProviderError> {
        const CALL: Duration = Duration::from_secs(1);
        let fault = self.enter(Verb::Create, cx, CALL).await?;
        let now = self.clock.now();
        let state = {
            let mut world = self.world();
            world.accepts(&shape, now, Verb::Create)?;
            let clash = |thing: &Thing| {
                thing.address() == cx.object().address.as_str() && thing.shape.apart && shape.apart
            };
            if world.things.values().any(clash) {
                return Err(failure(ErrorKind::AlreadyExists, Verb::Create, "the name is taken"));
            }
            world.made += 1;
            let id = format!("t{}", world.made);
            let settle = shape.settle(shape.create, fault);
            let thing = Thing {
                owner: tag(cx, TAG_OWNER),
                object: tag(cx, TAG_OBJECT),
                version: 1,
                configured: false,
                ready_at: now + settle.saturating_sub(CALL),
                gone_at: None,
                broken: fault == Some(FaultKind::Broken),
                shape,
            };
            let state = thing.state(&id, now);
            world.things.insert(id, thing);
            state
        };
        self.leave(Verb::Create, cx, fault, state).await
    }

    pub(super) async fn configure_thing(
        &self,
        cx: &Cx,
        state: &ToyState,
    ) -> Result<ToyState, ProviderError> {
        let fault = self.enter(Verb::Configure, cx, Duration::ZERO).await?;
        let answer = {
            let now = self.clock.now();
            let mut world = self.world();
            let thing = world.thing(&state.id, Verb::Configure)?;
            thing.configured = true;
            thing.state(&state.id, now)
        };
        self.leave(Verb::Configure, cx, fault, answer).await
    }

    /// Compares with the wanted shape where the references can be resolved.
    pub(super) async fn read_thing(
        &self,
        cx: &Cx,
        wanted: Result<Shape, ProviderError>,
        state: &ToyState,
    ) -> Result<Option<Observed<ToyState>>, ProviderError> {
        self.enter(Verb::Read, cx, Duration::ZERO).await?;
        let wanted = wanted?;
        let now = self.clock.now();
        let world = self.world();
        let Some(thing) = world.things.get(&state.id) else {
            return Ok(None);
        };
        let state = thing.state(&state.id, now);
        let observed = match thing {
            Thing { gone_at: Some(_), .. } => Observed::settling(state, "deleting"),
            Thing { broken: true, .. } => Observed::broken(state, "it burst"),
            _ if thing.ready_at > now => Observed::settling(state, "settling"),
            _ => Observed::ready(state),
        };
        let mut drifts = Drifts::new();
        drifts
            .field("size", &wanted.size, Some(thing.shape.size))
            .field("apart", &wanted.apart, Some(thing.shape.apart))
            .field("place", &wanted.place, Some(thing.shape.place))
            .field("lock", &wanted.lock, Some(thing.shape.lock));
        Ok(Some(observed.drifted(drifts)))
    }

    /// Changes the named fields and no others.
    pub(super) async fn update_thing(
        &self,
        cx: &Cx,
        wanted: Shape,
        state: &ToyState,
        changed: &[String],
    ) -> Result<ToyState, ProviderError> {
        const CALL: Duration = Duration::from_secs(1);
        let fault = self.enter(Verb::Update, cx, CALL).await?;
        let now = self.clock.now();
        let answer = {
            let mut world = self.world();
            world.accepts(&wanted, now, Verb::Update)?;
            let thing = world.thing(&state.id, Verb::Update)?;
            for field in changed {
                match field.as_str() {
                    "size" => thing.shape.size = wanted.size,
                    "apart" => thing.shape.apart = wanted.apart,
                    "needs" => thing.shape.needs.clone_from(&wanted.needs),
                    "waits" => thing.shape.waits.clone_from(&wanted.waits),
                    other => {
                        let message = format!("{other} cannot be changed in place");
                        return Err(failure(ErrorKind::Refused, Verb::Update, &message));
                    }
                }
            }
            let settle = wanted.settle(wanted.create, fault);
            thing.version += 1;
            thing.ready_at = now + settle.saturating_sub(CALL);
            thing.broken |= fault == Some(FaultKind::Broken);
            thing.state(&state.id, now)
        };
        self.leave(Verb::Update, cx, fault, answer).await
    }

    pub(super) async fn delete_thing(
        &self,
        cx: &Cx,
        state: &ToyState,
    ) -> Result<(), ProviderError> {
        const CALL: Duration = Duration::from_secs(1);
        let fault = self.enter(Verb::Delete, cx, CALL).await?;
        {
            let now = self.clock.now();
            let mut world = self.world();
            let user = world
                .things
                .values()
                .find(|thing| thing.shape.references().any(|referred| *referred == state.id));
            if let Some(user) = user {
                let message = format!("DependencyViolation: {} refers to it", user.object);
                return Err(failure(ErrorKind::StillInUse, Verb::Delete, &message));
            }
            if let Some(thing) = world.things.get_mut(&state.id) {
                let linger = thing.shape.settle(thing.shape.delete, fault).saturating_sub(CALL);
                let gone_at = now + if thing.shape.later { linger } else { Duration::ZERO };
                thing.gone_at = Some(thing.gone_at.map_or(gone_at, |at| at.min(gone_at)));
            }
        }
        self.gone();
        self.leave(Verb::Delete, cx, fault, ()).await
    }
}

impl World {
    /// Refuses references to what is not there, is going away, or is not ready though it has to be.
    fn accepts(&self, shape: &Shape, now: Timestamp, verb: Verb) -> Result<(), ProviderError> {
        let refuse =
            |id: &str, what: &str| Err(failure(ErrorKind::Refused, verb, &format!("{id} {what}")));
        for id in shape.references() {
            match self.things.get(id) {
                None => return refuse(id, "is not there"),
                Some(thing) if thing.gone_at.is_some() => return refuse(id, "is going away"),
                Some(_) => {}
            }
        }
        for id in &shape.waits {
            let usable = |thing: &Thing| thing.configured && thing.ready_at <= now;
            if !self.things.get(id).is_some_and(usable) {
                return refuse(id, "is not ready");
            }
        }
        Ok(())
    }

    fn thing(&mut self, id: &str, verb: Verb) -> Result<&mut Thing, ProviderError> {
        let there = self.things.get_mut(id).filter(|thing| thing.gone_at.is_none());
        there.ok_or_else(|| failure(ErrorKind::NotFound, verb, &format!("{id} is not there")))
    }
}

impl Shape {
    fn settle(&self, usual: Duration, fault: Option<FaultKind>) -> Duration {
        match fault {
            Some(FaultKind::Slow(seconds)) => Duration::from_secs(seconds),
            _ if self.later => usual,
            _ => Duration::ZERO,
        }
    }
}

impl Thing {
    fn state(&self, id: &str, now: Timestamp) -> ToyState {
        let endpoint = (self.ready_at <= now).then(|| format!("{id}.toy"));
        ToyState { id: id.to_owned(), version: self.version, endpoint }
    }

    fn address(&self) -> &str {
        self.object.split('/').next().unwrap_or_default()
    }

    fn name(&self) -> &str {
        self.address().split(':').nth(1).unwrap_or_default()
    }
}

fn tag(cx: &Cx, key: &str) -> String {
    let tags = cx.tags();
    tags.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value).unwrap_or_default()
}

fn failure(kind: ErrorKind, verb: Verb, message: &str) -> ProviderError {
    ProviderError::new(kind, "toy", verb.word(), message)
}

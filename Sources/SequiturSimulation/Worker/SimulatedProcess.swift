/// A simulated operating-system process: it can die, and it can stand still and go on as a zombie.
///
/// What it has sent reaches the brokers also when it is dead or stands still; what is sent to it waits, or is
/// lost with it.
final class SimulatedProcess {
  unowned let world: World
  let name: String
  private(set) var isDead = false
  private(set) var stoppedUntil = 0

  init(world: World, name: String) {
    self.world = world
    self.name = name
  }

  func die() { isDead = true }

  private var cutOffUntil = 0

  /// No request reaches a broker, and no answer comes back, for so many milliseconds.
  func cutOff(for duration: Int) { cutOffUntil = max(cutOffUntil, world.now + duration) }

  var isCutOff: Bool { world.now < cutOffUntil }

  /// SIGSTOP, and SIGCONT after so many milliseconds.
  func hang(for duration: Int) { stoppedUntil = max(stoppedUntil, world.now + duration) }

  var isHanging: Bool { world.now < stoppedUntil }

  func after(_ delay: Int, _ body: @escaping () -> Void) {
    guard !isDead else { return }
    world.after(delay, of: self, body)
  }

  /// Something that a process does by itself, at which a fault may strike.
  ///
  /// - Returns: whether it was done well; a process that has died does nothing more.
  func attempt(_ step: SimulationStep, _ body: () -> Void) -> Bool {
    let fault = world.fault(at: step, of: self)
    if let fault { world.note("\(name) \(step): \(fault)") }
    switch fault {
    case .crashBefore: world.crash(self)
    case .powerLost: world.crash(self, isPowerLost: true)
    case .crashAfter:
      body()
      world.crash(self)
    case .hang, .standstillBefore:
      body()
      hang(for: world.random.within(50...2500))
    case .requestLost, .responseLost, .retriableError, .clientFailed: return false
    case nil: body()
    }
    return !isDead
  }

  /// A request to a broker and its answer. Every call is a numbered step at which a fault may strike.
  func call<Answer>(
    _ step: SimulationStep, _ request: @escaping () -> Result<Answer, BrokerError>,
    _ reply: @escaping (Result<Answer, BrokerError>) -> Void
  ) {
    guard !isDead else { return }
    let (there, back) = (world.latency(), world.latency())
    let fault = world.fault(at: step, of: self)
    if let fault { world.note("\(name) \(step): \(fault)") }
    switch fault {
    case .requestLost:
      after(World.callTimeout) { reply(.failure(.timedOut)) }
    case .responseLost:
      world.after(there) { _ = request() }
      after(World.callTimeout) { reply(.failure(.timedOut)) }
    case .retriableError:
      after(there + back) { reply(.failure(.coordinatorLoading)) }
    case .clientFailed:
      world.after(there) { _ = request() }
      after(there + back) { reply(.failure(.clientFailed)) }
    case .crashBefore:
      world.crash(self)
    case .powerLost:
      world.crash(self, isPowerLost: true)
    case .crashAfter:
      world.after(there) { _ = request() }
      world.crash(self)
    case .hang, nil:
      world.after(there) { [self] in
        let answer = request()
        after(back) { reply(answer) }
      }
      if fault == .hang { hang(for: world.random.within(50...2500)) }
    case .standstillBefore:
      hang(for: world.random.within(500...2400))
      after(there) { [self] in
        let answer = request()
        after(back) { reply(answer) }
      }
    }
  }
}

/// The places at which faults strike.
enum SimulationStep: Int, CaseIterable, Sendable {
  case initProducer, produce, sendOffsets, commit, abort
  case groupPosition, bounds, changelogFetch, inputBounds, commandFetch
  case join, heartbeat, leave
  /// What a process does by itself.
  case restoreWrite, drainWrite, revoke, serve

  /// Which coordinator answers; `nil`: none does.
  var coordinator: Coordinator? {
    switch self {
    case .initProducer, .commit, .abort: .transaction
    case .sendOffsets, .groupPosition, .join, .heartbeat, .leave: .group
    case .produce, .bounds, .changelogFetch, .inputBounds, .commandFetch, .restoreWrite, .drainWrite, .revoke,
      .serve:
      nil
    }
  }

  enum Coordinator { case group, transaction }

  /// Whether a broker is asked.
  var isRemote: Bool {
    switch self {
    case .restoreWrite, .drainWrite, .revoke, .serve: false
    default: true
    }
  }
}

/// What strikes there.
enum SimulationFault: Int, CaseIterable, Sendable {
  case requestLost, responseLost, retriableError, crashBefore, crashAfter, hang
  /// The process stands still between its decision and the request.
  case standstillBefore
  /// The request is carried out, but the client reports an error that nobody foresaw.
  case clientFailed
  /// The machine stops before the request, and the disk may lose what it had acknowledged.
  case powerLost
}

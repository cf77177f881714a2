import Sequitur

/// Whether a command is taken now, before anything of it is appended, as a pure machine.
///
/// Two things bound a gateway: how many requests it holds at once, and how long a command would wait behind those before
/// it. The second is the backlog of its partition divided by the rate at which outcomes come, and, when none come, the
/// time since one should have.
struct CommandAdmission: Sendable {
  /// Why a command is not taken.
  enum Refusal: Error, Sendable, Hashable {
    /// So many requests are held already.
    case tooMany(held: Int, retryAfter: Int)
    /// Outcomes come, and this one would come later than the caller waits.
    case late(behind: Int64, perSecond: Double, retryAfter: Int)
    /// Commands wait, and no outcome has come for so long: no worker serves the partition.
    case stalled(seconds: Int, behind: Int64, retryAfter: Int)
  }

  /// How far a partition's outcomes were read.
  struct Progress: Sendable, Hashable {
    /// Behind the last decided command; 0 for none seen.
    var decidedTo: Int64 = 0
    /// Outcomes that were seen.
    var count = 0
    /// How often reading began at another place, as when the topics were made anew: what was known before counts no more.
    var restarts = 0
  }

  private struct Partition: Sendable {
    /// Behind the last command that was appended here.
    var appendedTo: Int64 = 0
    /// Behind the last command that is decided; before the first outcome, where this gateway's first command stands.
    var decidedTo: Int64?
    /// Since when no outcome has come although commands wait.
    var since: ContinuousClock.Instant?
    /// Outcomes a second while commands waited all the time: a mean of the last looks. Nil before the first; how fast a
    /// partition is while it has little to do says nothing of how fast it could be.
    var rate: Double?
    /// The last look since which commands have waited all the time.
    var sample: (count: Int, at: ContinuousClock.Instant)?
    /// When a command was let through last although the partition stands still.
    var probedAt: ContinuousClock.Instant?
    var restarts = 0

    var backlog: Int64 { max(0, appendedTo - (decidedTo ?? appendedTo)) }
  }

  /// Between two looks at a rate.
  private static let sampleInterval = Duration.milliseconds(250)
  /// What a new look weighs in the mean.
  private static let sampleWeight = 0.3
  /// A partition is not taken for stalled before: a rebalance takes as long.
  private static let patience = Duration.seconds(1)
  private static let retryAfterMax = 30
  /// A partition without an outcome for so long, while commands wait, is told as one that stands still.
  private static let stallMin = Duration.seconds(10)
  /// While a partition stands still, one command is let through so often: an outcome that was passed over, as when its
  /// record was deleted before it was read, would keep the partition closed for ever.
  private static let probeInterval = Duration.seconds(10)

  private var partitions: [Int32: Partition] = [:]
  private let heldMax: Int
  /// Requests that are held.
  private(set) var held = 0

  /// - Parameter heldMax: requests at once.
  init(heldMax: Int) { self.heldMax = heldMax }

  /// A command wants in; ``leave()`` must follow when it got in.
  ///
  /// - Parameter wait: how long its caller waits for the outcome.
  mutating func enter(
    _ partition: Int32, wait: Duration, _ progress: Progress, now: ContinuousClock.Instant
  ) throws(Refusal) {
    look(partition, progress, now: now)
    guard held < heldMax else {
      let rate = partitions.values.reduce(0) { $0 + ($1.rate ?? 0) }
      throw .tooMany(held: held, retryAfter: Self.seconds(rate > 0 ? Double(held) / rate : 1))
    }
    if let state = partitions[partition], state.backlog > 0 {
      let quiet = state.since.map { now - $0 } ?? .zero
      if quiet > max(Self.patience, wait) {
        if now - (state.probedAt ?? state.since ?? now) >= Self.probeInterval {
          partitions[partition]?.probedAt = now
          held += 1
          return
        }
        throw .stalled(
          seconds: Int(quiet.components.seconds), behind: state.backlog,
          retryAfter: Self.seconds(Double(quiet.components.seconds)))
      }
      if let rate = state.rate, rate > 0, Double(state.backlog) / rate > wait / .seconds(1) {
        throw .late(
          behind: state.backlog, perSecond: rate, retryAfter: Self.seconds(Double(state.backlog) / rate))
      }
    }
    held += 1
  }

  /// A partition whose commands wait and get no outcome.
  struct Stall: Sendable, Hashable {
    let partition: Int32
    /// Commands that wait, of those appended here.
    let behind: Int64
    let seconds: Double
  }

  /// The partitions that stand still: commands of theirs are refused.
  func stalls(now: ContinuousClock.Instant) -> [Stall] {
    partitions.sorted { $0.key < $1.key }.compactMap { number, state in
      guard state.backlog > 0, let since = state.since, now - since > Self.stallMin else { return nil }
      return Stall(partition: number, behind: state.backlog, seconds: (now - since) / .seconds(1))
    }
  }

  /// A request ends.
  mutating func leave() { held -= 1 }

  /// A command of this gateway stands at an offset.
  mutating func appended(_ position: CommandPosition, now: ContinuousClock.Instant) {
    var state = partitions[position.partition] ?? Partition()
    if state.decidedTo == nil { state.decidedTo = position.offset }
    if state.backlog == 0 { state.since = now }
    state.appendedTo = max(state.appendedTo, position.offset + 1)
    partitions[position.partition] = state
  }

  /// Outcomes of a partition were read so far.
  mutating func look(_ number: Int32, _ progress: Progress, now: ContinuousClock.Instant) {
    var state = partitions[number] ?? Partition()
    if progress.restarts != state.restarts {
      state = Partition()
      state.restarts = progress.restarts
    }
    let count = progress.count
    if progress.decidedTo > state.decidedTo ?? 0 {
      state.decidedTo = progress.decidedTo
      state.since = now
      state.probedAt = nil
    }
    if state.backlog == 0 {
      state.sample = nil
    } else if let sample = state.sample {
      let time = now - sample.at
      if time >= Self.sampleInterval {
        let rate = Double(count - sample.count) / (time / .seconds(1))
        state.rate = state.rate.map { $0 + Self.sampleWeight * (rate - $0) } ?? rate
        state.sample = (count, now)
      }
    } else {
      state.sample = (count, now)
    }
    partitions[number] = state
  }

  private static func seconds(_ time: Double) -> Int { min(retryAfterMax, max(1, Int(time.rounded(.up)))) }
}

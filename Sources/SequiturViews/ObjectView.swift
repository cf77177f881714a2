import BlockingThreads
import Foundation
import KafkaClient
import Logging
import SequiturFollower
import Synchronization

/// A table of another application's objects, kept up to date from its changelog.
///
///     let prices = try ObjectView<Price>(of: .changelog(application: "prices"), storage: .memory, kafka: kafka, logger: logger)
///     async let running: Void = prices.run()
///     try await prices.caughtUp()
///     let price = try prices["sku-17"]
///     for try await change in prices.changes(including: .existing) { … change.old, change.new … }
///
/// 1. What it holds of a partition is a state that existed: after exactly the commands below its position.
/// 2. States and position are written together, then the position is published, then listeners are told.
/// 3. Reading before it has caught up throws, unless any age is allowed.
/// 4. A change has the old and the new value.
/// 5. Deletions that it missed are found: a directory that was away longer than the changelog keeps their marks, or that is
///    of another changelog of that name, is filled anew beside the old one, and the difference is told as changes.
/// 6. A slow listener's changes are bounded, then merged by key, and counted; one that takes none is ended with an error.
/// 7. It follows all partitions or some.
/// 8. Its memory is bounded.
///
/// Thread rule: any thread, at the same time. Reading a directory may block on the disk for a moment.
public final class ObjectView<Value: Sendable>: Sendable {
  /// Which changes a listener is told.
  public enum Beginning: Sendable, Hashable {
    /// Those that come from now on. What an empty view is first filled with is no change.
    case new
    /// First each object that is there, as a change from nothing.
    case existing
  }

  let core: ViewCore<Value>
  let running = Mutex(Running())
  let stopped = OneTimeEvent()

  struct Running {
    var follower: Follower?
    var hasBegun = false
    var since = ContinuousClock.now
    var waiting: String?
    var ended: (isEnded: Bool, reason: String?) = (false, nil)
    /// Records that earlier followers of this run took.
    var records = 0
  }

  /// - Parameter decode: makes a value of an encoded state; called on the view's thread, and on the reader's of a directory.
  /// - Throws: ``ViewFault/notAChangelog(topic:)``.
  public init(
    _ configuration: ViewConfiguration, decode: @escaping @Sendable (ArraySlice<UInt8>) throws -> Value
  ) throws(ViewFault) {
    guard configuration.topic.isChangelog else { throw .notAChangelog(topic: configuration.topic.name) }
    core = ViewCore(configuration, decode: decode)
  }

  // MARK: Reading

  /// An object's state; nil when there is none.
  ///
  /// - Throws: ``ViewFault``: catching up, ended, a partition that is not followed, and what the directory says.
  public subscript(key: String) -> Value? {
    get throws(ViewFault) { try object(ViewKey(key))?.value }
  }

  /// The same, of the age that is allowed.
  public subscript(key: String, allowing freshness: ViewFreshness) -> Value? {
    get throws(ViewFault) { try object(ViewKey(key), allowing: freshness)?.value }
  }

  /// An object with its version and the position that it is at least as new as; nil when there is none.
  public func object(
    _ key: ViewKey, allowing freshness: ViewFreshness = .current
  ) throws(ViewFault) -> ViewObject<Value>? {
    for (partition, shown) in try core.shown.tables(
      for: key.bytes, core.configuration.placement, freshness)
    {
      guard let found = try shown.table.object(key.bytes) else { continue }
      return ViewObject(
        key: key, value: found.value, version: found.version,
        position: CommandToken(partition: partition, covering: shown.position))
    }
    return nil
  }

  /// The last command of a key's partition that is covered; nil for none. An object that is read behind it is at least as new.
  public func position(
    of key: ViewKey, allowing freshness: ViewFreshness = .current
  ) throws(ViewFault) -> CommandToken? {
    let tables = try core.shown.tables(for: key.bytes, core.configuration.placement, freshness)
    guard tables.count == 1, let (partition, shown) = tables.first else { return nil }
    return CommandToken(partition: partition, covering: shown.position)
  }

  /// Objects in the storage's order, from behind a key: in a directory by key, in memory by a hash of it.
  ///
  /// Of each partition they are of one moment, which `positions` name; the next page may be of a later one. Holds up the view
  /// for a moment.
  /// - Parameters:
  ///   - limit: how many at most, 1 or more.
  ///   - partition: only those of this one; nil: of all.
  public func objects(
    after key: ViewKey? = nil, limit: Int, of partition: Int32? = nil,
    allowing freshness: ViewFreshness = .current
  ) throws(ViewFault) -> ViewPage<Value> {
    if freshness == .current { try core.shown.checkCaughtUp() }
    return try core.page(after: key?.bytes, limit: max(1, limit), of: partition)
  }

  /// All of a partition at one moment. It copies, and holds up the view meanwhile.
  public func cut(
    of partition: Int32, allowing freshness: ViewFreshness = .current
  ) throws(ViewFault) -> ViewCut<Value> {
    if freshness == .current { try core.shown.checkCaughtUp() }
    return try core.cut(of: partition)
  }

  // MARK: Waiting

  /// Returns when all partitions have caught up for the first time.
  /// - Throws: ``ViewFault/ended(reason:)``.
  public func caughtUp() async throws {
    await core.shown.caughtUpEvent.wait()
    do throws(ViewFault) {
      try core.shown.checkCaughtUp()
    } catch .catchingUp {
      // It had, and is read anew.
    }
  }

  /// Returns when the view covers a command and can be read: for a program that reads what it wrote.
  ///
  /// - Throws: `TokenWaitFailure` when the time is over, the view has ended, or does not follow the partition;
  ///   `CancellationError`.
  public func wait(for token: CommandToken, timeout: Duration) async throws {
    if let followed = core.configuration.partitions, !followed.contains(token.partition) {
      throw TokenWaitFailure(token: token, reached: nil, reason: .notFollowed)
    }
    try await core.waits.wait(for: token, timeout: timeout)
  }

  // MARK: Listening

  /// The changes from now on, and with `.existing` all objects first. Changes wait for the listener from this call on.
  public func changes(including beginning: Beginning = .new) -> ViewChanges<Value> {
    ViewChanges(core, core.listen(includingExisting: beginning == .existing))
  }
}

extension ObjectView where Value: Decodable {
  /// A view of states that are JSON.
  public convenience init(_ configuration: ViewConfiguration) throws(ViewFault) {
    let decoder = JSONDecoder()
    try self.init(configuration) { try decoder.decode(Value.self, from: Data($0)) }
  }

  /// The same, with the defaults.
  public convenience init(
    of topic: FollowedTopic, storage: ViewStorage, kafka: KafkaConfiguration, logger: Logger
  ) throws(ViewFault) {
    try self.init(ViewConfiguration(of: topic, storage: storage, kafka: kafka, logger: logger))
  }
}

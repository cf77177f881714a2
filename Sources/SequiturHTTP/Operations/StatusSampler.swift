import Synchronization

/// Looks at a service each second: tells those who watch, and keeps the last half hour.
final class StatusSampler: Sendable {
  /// Between two looks.
  static let interval = Duration.seconds(1)
  /// Of so many looks one is kept.
  static let looksPerPoint = 5

  let feed: EventFeed
  private let service: any OperatedService
  private let points = Mutex(StatusHistory())

  init(_ service: any OperatedService) {
    self.service = service
    var limits = EventFeed.Limits()
    // Nobody needs an old status.
    limits.bytesMax = 256 << 10
    limits.beginsWithNewest = true
    feed = EventFeed(limits)
  }

  var history: [UInt8] { ServiceStatus.encode(points.withLock { $0.points }) }

  func run() async {
    var look = 0
    while !Task.isCancelled {
      let status = service.status()
      if look % Self.looksPerPoint == 0 { points.withLock { $0.add(StatusHistory.Point(status)) } }
      let id = "\(Int64(status.startedAt * 1000))-\(look)"
      feed.publish(id: id, data: String(decoding: status.json, as: UTF8.self))
      look += 1
      do { try await Task.sleep(for: Self.interval) } catch { return }
    }
  }
}

/// The last half hour of a service, a point each five seconds.
struct StatusHistory: Sendable {
  /// Half an hour.
  static let pointsMax = 360

  /// What is drawn.
  struct Point: Codable, Sendable, Hashable {
    var now: Double
    var accepted: Int
    var rejected: [String: Int]
    var commitMedian: Double
    var commitSlow: Double
    /// Over all partitions.
    var lag: Int64
    /// Offsets that restores have to read.
    var restoring: Int64

    init(_ status: ServiceStatus) {
      now = status.now
      accepted = status.accepted
      rejected = status.rejected
      commitMedian = status.commitMedian
      commitSlow = status.commitSlow
      lag = status.partitions.reduce(0) { $0 + ($1.lag ?? 0) }
      restoring = status.partitions.reduce(0) { $0 + ($1.restore?.remaining ?? 0) }
    }
  }

  private(set) var points: [Point] = []

  mutating func add(_ point: Point) {
    points.append(point)
    if points.count > Self.pointsMax { points.removeFirst(points.count - Self.pointsMax) }
  }
}

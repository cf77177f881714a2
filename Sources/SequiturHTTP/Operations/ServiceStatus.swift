import Foundation

/// How a service is: what `/status` shows, `/ready` judges by, and the page draws.
public struct ServiceStatus: Codable, Sendable, Hashable {
  /// What keeps it from going on.
  public struct Trouble: Codable, Sendable, Hashable {
    /// A word, such as `broker-silent`; the runbook's entry has its name.
    public var reason: String
    /// The partition that it concerns; nil: the whole service.
    public var partition: Int32?
    /// What it means.
    public var sentence: String
    /// What is known of this one.
    public var detail: String
    /// How long it has lasted.
    public var seconds: Double
    /// What to do.
    public var cure: String

    /// A trouble.
    public init(
      reason: String, partition: Int32?, sentence: String, detail: String, seconds: Double, cure: String
    ) {
      self.reason = reason
      self.partition = partition
      self.sentence = sentence
      self.detail = detail
      self.seconds = seconds
      self.cure = cure
    }
  }

  /// How far the restore of a partition is.
  public struct Restore: Codable, Sendable, Hashable {
    /// Records read.
    public var records: Int
    /// Offsets still to read.
    public var remaining: Int64
    /// Records a second so far.
    public var recordsPerSecond: Double
    /// At that rate; nil while it is not known.
    public var secondsLeft: Double?

    /// A restore's progress.
    public init(records: Int, remaining: Int64, recordsPerSecond: Double, secondsLeft: Double?) {
      self.records = records
      self.remaining = remaining
      self.recordsPerSecond = recordsPerSecond
      self.secondsLeft = secondsLeft
    }
  }

  /// One partition.
  public struct Partition: Codable, Sendable, Hashable {
    /// Its number.
    public var number: Int32
    /// What the service does with it, such as `serving`.
    public var role: String
    /// The next offset; nil while it is not known.
    public var position: Int64?
    /// The end when it was asked for last.
    public var end: Int64?
    /// Offsets behind the end.
    public var lag: Int64?
    /// How long ago the oldest record that waits came, at least.
    public var lagSeconds: Double
    /// Since its last commit, or since it is served.
    public var commitAgeSeconds: Double
    /// The thread that serves it.
    public var lane: Int?
    /// How far its restore is, while it is restored.
    public var restore: Restore?

    /// A partition in this role.
    public init(number: Int32, role: String, lagSeconds: Double = 0, commitAgeSeconds: Double = 0) {
      self.number = number
      self.role = role
      self.lagSeconds = lagSeconds
      self.commitAgeSeconds = commitAgeSeconds
    }
  }

  /// A setting, and where its value comes from.
  public struct Setting: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its value; secrets are masked.
    public var value: String
    /// `flag`, `environment`, `file` or `default`.
    public var source: String

    /// A setting's row.
    public init(name: String, value: String, source: String) {
      self.name = name
      self.value = value
      self.source = source
    }
  }

  /// What it is, such as `worker`.
  public var service: String
  /// Its version.
  public var version: String
  /// The application that it works for.
  public var application: String
  /// The names of what it reads and writes, by what each is for, such as `commands`.
  public var topics: [String: String] = [:]
  /// What decides, and its fingerprint.
  public var rules: String?
  /// When it started, in seconds since 1970.
  public var startedAt: Double
  /// Now, likewise.
  public var now: Double
  /// Whether `/ready` says 200.
  public var ready: Bool
  /// Empty when all is well.
  public var troubles: [Trouble] = []
  /// Commands that became events, since the start.
  public var accepted = 0
  /// Rejections since the start, by code.
  public var rejected: [String: Int] = [:]
  /// Transactions since the start.
  public var transactions = 0
  /// Of the last transactions, in seconds: the median, and what one in a hundred exceeds.
  public var commitMedian = 0.0
  public var commitSlow = 0.0
  /// By number.
  public var partitions: [Partition] = []
  /// Bytes of the local store; nil while they are not known.
  public var storeBytes: Int64?
  /// Committed bytes that the store does not have yet.
  public var undrainedBytes: Int64?
  /// More that can be counted, by name; nil for services without.
  public var figures: [String: Double]?
  /// All settings that it uses.
  public var settings: [Setting] = []

  /// A service's status.
  public init(
    service: String, version: String, application: String, startedAt: Double, now: Double, ready: Bool
  ) {
    self.service = service
    self.version = version
    self.application = application
    self.startedAt = startedAt
    self.now = now
    self.ready = ready
  }

  /// As JSON, with its members in the order of their names.
  public var json: [UInt8] { Self.encode(self) }

  static func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value))
    } catch {
      // Only a number that JSON does not have could fail, and none comes in.
      preconditionFailure("a status that is no JSON: \(error)")
    }
  }
}

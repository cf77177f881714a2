/// The bounds of a partition's engine: every queue, batch and buffer has its limit here.
///
/// What is out of its range is named by ``faults``.
public struct Limits: Sendable, Hashable {
  /// The longest object key, in bytes (the record contract).
  public static let keyBytesMax = 1024

  /// The most that ``recentCommandIDsMax`` may be: their number is kept in a byte.
  public static let recentCommandIDsLimit = 255

  /// The most that ``forgetAfter`` may be.
  public static let forgetAfterMax = Duration.seconds(7 * 24 * 3600)

  /// How many ids of commands that changed an object are kept with it. 0…255, default 8.
  public var recentCommandIDsMax = 8

  /// How long the ids of a forgotten object are kept, by the commands' record times: a repetition of one of its commands is a
  /// duplicate as long. 0…``forgetAfterMax`` (7 days), default 12 h; 0: not at all. Below `delete.retention.ms` of the changelog, or a
  /// restore may not find them any more.
  public var forgetAfter: Duration = .seconds(12 * 3600)

  /// The largest output record in bytes, headers and framing included. 1,024…16,777,216, default
  /// 1,000,000: what a topic takes by default (`max.message.bytes` 1,048,588) less room for framing.
  public var recordBytesMax = 1_000_000

  /// The most commands of one transaction. 1…50,000, default 20,000: beyond it throughput hardly rises.
  public var transactionCommandsMax = 20_000

  /// The most output bytes of one transaction, or of one command's part of it, in memory: what says where they stand
  /// counts for the former. 1 byte…1 GiB, default 16 MiB.
  public var transactionBytesMax = 16 << 20

  /// How long a transaction may be prepared while the broker is free to take it. 0…60 s, default 100 ms: a
  /// backlog is then sent in parts, so that its first outcomes are not as late as its last.
  public var transactionAgeMax = Duration.milliseconds(100)

  /// How many bytes of committed objects may wait for the background drain. 1 byte…1 TiB, default 4 MiB; of a
  /// worker's lane at most its share of the memory budget.
  public var undrainedBytesMax = 4 << 20

  /// How long a committed object may wait for the background drain. 0…1 h, default 5 s.
  public var undrainedAgeMax: Duration = .seconds(5)

  /// The defaults.
  public init() {}
}

import CRdKafka

/// A consumer's membership in its group at one moment: what makes the offsets of a transaction safe (KIP-447).
///
/// Take it fresh for every transaction; one from before a rebalance is refused with `illegalGeneration`.
/// Owner of one `rd_kafka_consumer_group_metadata_t`, which nothing changes after it was made.
///
/// `@unchecked Sendable`: a ~Copyable value of memory that no thread is bound to (INTRODUCTION.md, "Threads and
/// callbacks": all of the API may be called from any thread).
public struct ConsumerGroupMetadata: ~Copyable, @unchecked Sendable {
  let raw: OpaquePointer
  /// The member id the coordinator gave, never empty.
  public let memberID: String
  /// The group's generation, never negative: coordinators do not check negative ones.
  public let generation: Int32

  /// Takes ownership; nil (and the metadata destroyed) when it stands for no membership.
  init?(owning raw: OpaquePointer) throws(KafkaError) {
    let membership: Membership
    do throws(KafkaError) {
      membership = try Membership(of: raw)
    } catch {
      rd_kafka_consumer_group_metadata_destroy(raw)
      throw error
    }
    guard membership.generation >= 0, !membership.memberID.isEmpty else {
      rd_kafka_consumer_group_metadata_destroy(raw)
      return nil
    }
    self.raw = raw
    memberID = membership.memberID
    generation = membership.generation
  }

  deinit { rd_kafka_consumer_group_metadata_destroy(raw) }
}

/// Member id and generation, which librdkafka shows only in its serialised form.
///
/// `rd_kafka_consumer_group_metadata_write` of 2.0.2 gives (measured): the magic `CGMDv2:`, the generation as
/// a 32-bit integer in the machine's order, group id and NUL, member id and NUL, then the instance id.
private struct Membership {
  let generation: Int32
  let memberID: String

  init(of raw: OpaquePointer) throws(KafkaError) {
    var buffer: UnsafeMutableRawPointer?
    var size = 0
    try check(rd_kafka_consumer_group_metadata_write(raw, &buffer, &size), Self.operation)
    defer { rd_kafka_mem_free(nil, buffer) }
    let bytes = UnsafeRawBufferPointer(start: buffer, count: size)
    let magic = Array("CGMDv2:".utf8)
    let rest = bytes.dropFirst(magic.count + 4)
    let fields = rest.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    guard bytes.starts(with: magic), bytes.count >= magic.count + 4, fields.count == 3 else {
      throw KafkaError(
        code: .unsupportedFeature, operation: Self.operation,
        detail: "this librdkafka serialises group metadata in an unknown format")
    }
    generation = bytes.loadUnaligned(fromByteOffset: magic.count, as: Int32.self)
    memberID = String(decoding: fields[1], as: UTF8.self)
  }

  private static let operation = "read the generation from consumer group metadata"
}

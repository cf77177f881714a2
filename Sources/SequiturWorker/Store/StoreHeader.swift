import Foundation

/// What a store says of itself: whose state it holds, and how it is written.
///
/// It stands in the database's default column family and is on the disk before the first object is. A worker
/// compares it with what it is told, since objects of one application read by another would be served as
/// if they were its own.
public struct StoreHeader: Codable, Sendable, Hashable {
  /// The format of the store that this version of Sequitur writes and reads: positions and object records.
  public static let currentFormat = 2

  /// The format that it was written in.
  public var format: Int
  /// Whose store it is.
  public var applicationID: String
  /// `nil` when the broker did not tell it.
  public var clusterID: String?
  /// The topic whose partitions it has objects of.
  public var commandsTopic: String
  /// The topic that it can be restored from.
  public var changelogTopic: String
  /// Partitions of the commands topic.
  public var partitions: Int32
  /// The decider's `schemaVersion`: the newest under which an object of this store may be written; 1 while none is.
  public var schemaVersion: Int
  /// The fingerprint of the decider that worked last; `nil`: a version wrote the header that kept none.
  public var decider: String?
  /// All that this decider decides by, when that is text: what has changed is told by it at the next start.
  public var definition: String?

  /// A header in today's format.
  public init(
    applicationID: String, clusterID: String?, commandsTopic: String, changelogTopic: String,
    partitions: Int32, schemaVersion: Int, decider: String? = nil, definition: String? = nil
  ) {
    format = Self.currentFormat
    self.applicationID = applicationID
    self.clusterID = clusterID
    self.commandsTopic = commandsTopic
    self.changelogTopic = changelogTopic
    self.partitions = partitions
    self.schemaVersion = schemaVersion
    self.decider = decider
    self.definition = definition
  }

  /// - Throws: ``StoreHeaderDamage`` for bytes that no worker wrote.
  init(decoding bytes: UnsafeRawBufferPointer) throws(StoreHeaderDamage) {
    do {
      self = try JSONDecoder().decode(StoreHeader.self, from: Data(bytes))
    } catch {
      throw StoreHeaderDamage(error)
    }
    guard partitions >= 1 else { throw StoreHeaderDamage("its header has \(partitions) partitions") }
    guard schemaVersion >= 1 else {
      throw StoreHeaderDamage("its header has the schema version \(schemaVersion)")
    }
    guard format >= 0 else { throw StoreHeaderDamage("its header has the format \(format)") }
  }

  func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self))
  }
}

/// A header is there and cannot be understood: a clause about the store that follows "but".
struct StoreHeaderDamage: Error, Hashable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// What a decoder says, without its own words.
  init(_ error: any Error) {
    let key: (any CodingKey)? =
      switch error as? DecodingError {
      case .keyNotFound(let key, _)?: key
      case .typeMismatch(_, let context)?, .valueNotFound(_, let context)?, .dataCorrupted(let context)?:
        context.codingPath.last
      default: nil
      }
    description =
      key.map { "its header has no `\($0.stringValue)` of the right kind" }
      ?? "its header is not the JSON object that a worker writes"
  }
}

extension StoreHeader {
  /// What a worker does about the header it finds.
  package enum Verdict: Sendable, Hashable {
    /// The store is ours. `update`: the header changes, since the decider's schema is newer.
    case keep(update: Bool)
    /// The store holds another state than the topics do: set it aside and rebuild from the changelog.
    case rebuild(String)
    case refuse(StoreHeaderFault)
  }

  /// Of a store without objects.
  var empty: StoreHeader {
    var header = self
    header.schemaVersion = 1
    return header
  }

  /// With what is known from before: a cluster that the broker does not tell now, and the decider, whose change is judged
  /// later.
  func completed(by found: StoreHeader) -> StoreHeader {
    var header = self
    header.schemaVersion = found.schemaVersion
    header.clusterID = clusterID ?? found.clusterID
    header.decider = decider ?? found.decider
    header.definition = decider == nil ? found.definition : definition
    return header
  }

  /// Compares the header that a store has with the one that it should have.
  ///
  /// - Parameter path: of the state directory, for the faults.
  package static func judge(found: StoreHeader, expected: StoreHeader, path: String) -> Verdict {
    if found.format > currentFormat {
      return .refuse(.newerFormat(path: path, found: found.format))
    }
    if found.applicationID != expected.applicationID {
      return .refuse(
        .otherApplication(path: path, expected: expected.applicationID, found: found.applicationID))
    }
    for (name, other) in [
      (expected.commandsTopic, found.commandsTopic), (expected.changelogTopic, found.changelogTopic),
    ] where name != other {
      return .refuse(.otherTopic(path: path, expected: name, found: other))
    }
    if let old = found.clusterID, let new = expected.clusterID, old != new {
      return .rebuild("it was written on the Kafka cluster \(old), and this is the cluster \(new)")
    }
    if found.partitions != expected.partitions {
      return .refuse(
        .partitionCountChanged(path: path, expected: found.partitions, found: expected.partitions))
    }
    if found.schemaVersion > expected.schemaVersion {
      return .refuse(
        .newerSchema(path: path, known: expected.schemaVersion, found: found.schemaVersion))
    }
    if found.format < currentFormat {
      return .rebuild("it has format \(found.format), and this version writes format \(currentFormat)")
    }
    return .keep(
      update: found.schemaVersion != expected.schemaVersion || found != expected.completed(by: found))
  }
}

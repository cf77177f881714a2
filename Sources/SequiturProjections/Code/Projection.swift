/// Events into a database by code of one's own, each exactly once.
///
/// ``Projector`` calls ``apply(_:in:)`` within the database transaction that moves the position: what it writes by the
/// transaction that it is given is there once for each event, whatever is killed when. What it does elsewhere, such as a
/// call of another service, is done at least once.
///
/// An implementer must
/// - write by the given transaction alone, and keep neither it nor the events;
/// - not depend on how many events a batch has: one that fails is applied again in halves, down to the event at fault.
///
/// A thrown error, and a constraint or a value that the database refuses, is the event's own fault: ``onError`` says what
/// becomes of it. A ``DatabaseFailure`` of another kind that is thrown on is waited for, and the batch applied again.
/// Calls come from one thread for each connection, several at once for several partitions.
public protocol Projection: Sendable {
  /// Its name in the database, and part of its consumer group's: a letter or `_`, then letters, digits, `_` and `-`, 63 at most.
  var name: String { get }
  /// Where it begins the first time. Default ``ProjectionDefinition/Source/events``; `state` is for declared ones.
  var source: ProjectionDefinition.Source { get }
  /// What becomes of an event that is not taken. Default ``ProjectionDefinition/ErrorPolicy/stop``.
  var onError: ProjectionDefinition.ErrorPolicy { get }

  /// Makes the tables that are missing (`create table if not exists …`): called at each start with
  /// ``ProjectorConfiguration/createsTables``. Default: nothing.
  func setUp(in transaction: inout Transaction) throws

  /// Applies events of one partition, in their order.
  func apply(_ events: borrowing EventBatch, in transaction: inout Transaction) throws
}

extension Projection {
  public var source: ProjectionDefinition.Source { .events }
  public var onError: ProjectionDefinition.ErrorPolicy { .stop }
  public func setUp(in transaction: inout Transaction) throws {}

  /// What stands for it where declared projections have their file.
  var definition: ProjectionDefinition {
    ProjectionDefinition(
      name: name, generation: 1, source: source, onError: onError, table: nil, rules: [:], otherwise: nil,
      state: [])
  }
}

/// Events of one partition in their order; those of one command stand together.
public struct EventBatch: ~Copyable {
  private let events: [ProjectedEvent]

  init(_ events: [ProjectedEvent]) { self.events = events }

  /// Of all events.
  public var partition: Int32 { events.first?.partition ?? 0 }
  /// At least 1.
  public var count: Int { events.count }
  /// The event at an index below ``count``.
  public subscript(index: Int) -> ProjectedEvent { events[index] }

  /// Lends each event to the body.
  public func forEach(_ body: (ProjectedEvent) throws -> Void) rethrows { try events.forEach(body) }
}

extension Projection {
  /// Applies events within the transaction under way.
  func apply(_ events: [ProjectedEvent], to database: any ProjectionDatabase) throws(DatabaseFailure) {
    guard !events.isEmpty else { return }
    var transaction = Transaction(database)
    do {
      try apply(EventBatch(events), in: &transaction)
    } catch let failure as DatabaseFailure {
      throw failure
    } catch {
      throw DatabaseFailure(
        .data, code: nil, "Expected the projection \(name) to take the event, but it says: \(error)")
    }
  }
}

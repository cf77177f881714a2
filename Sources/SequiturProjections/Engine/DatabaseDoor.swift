import Synchronization

/// A connection that several threads use in turn.
final class DatabaseDoor: Sendable {
  /// In a class, so that the lock holds a reference and nothing leaves it but by ``use(_:)``.
  private final class Room {
    let database: any ProjectionDatabase
    init(_ database: any ProjectionDatabase) { self.database = database }
  }

  private let room: Mutex<Room>

  init(_ address: DatabaseAddress, for purpose: DatabasePurpose) {
    room = Mutex(Room(address.database(for: purpose)))
  }

  func use<Result: Sendable>(_ body: (any ProjectionDatabase) throws -> Result) rethrows -> Result {
    try room.withLock { try body($0.database) }
  }
}

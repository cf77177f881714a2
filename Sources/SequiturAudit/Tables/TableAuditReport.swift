/// What the audit of a projection's table found.
package struct TableAuditReport: Sendable, Codable {
  static let faultsMax = 100

  package var projection: String
  package var generation: Int
  package var partitions = 0
  /// Events up to the positions that the database has.
  package var events = 0
  /// Rows of the table that were compared, cell by cell.
  package var rows = 0
  package var faultCount = 0
  /// At most ``faultsMax``: sentences without their ends.
  package var faults: [String] = []
  /// What could not be judged, and why.
  package var notes: [String] = []

  init(_ projection: AuditedProjection) {
    self.projection = projection.name
    generation = projection.generation
  }

  package var isClean: Bool { faultCount == 0 }

  mutating func add(_ fault: String) {
    faultCount += 1
    if faults.count < Self.faultsMax { faults.append(fault) }
  }
}

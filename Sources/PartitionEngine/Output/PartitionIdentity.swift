import Sequitur

/// What a partition's outputs say about where they come from.
public struct PartitionIdentity: Sendable, Hashable {
  /// The `ce_source` of events is `/` and this.
  public let applicationID: String
  public let commandsTopic: String
  /// The partition, from 0.
  public let partition: Int32
  /// How many partitions the commands topic has; stands in every checkpoint record.
  public let partitions: Int32
  /// Which changelog is written; stands in every checkpoint record. `nil`: in none.
  public let incarnation: Int64?
  /// Where an operator moved the position on the commands topic; stands in every checkpoint record.
  public let moves: [PositionMove]
  /// Who decides, as text (`DeciderFingerprint`); stands in every checkpoint record. `nil`: in none.
  public let decider: String?
  /// What the states may look like, as text (`StateForms`); likewise.
  public let stateForms: String?

  public init(
    applicationID: String, commandsTopic: String, partition: Int32, partitions: Int32,
    incarnation: Int64? = nil, moves: [PositionMove] = [], decider: DeciderFingerprint? = nil,
    stateForms: StateForms = StateForms()
  ) {
    self.applicationID = applicationID
    self.commandsTopic = commandsTopic
    self.partition = partition
    self.partitions = partitions
    self.incarnation = incarnation
    self.moves = moves
    self.decider = decider.map { "\($0)" }
    self.stateForms = stateForms.isEmpty ? nil : stateForms.text
  }
}

import KafkaClient
import Logging
import PartitionEngine

/// Whether the commands are the ones that the partition had come to, and what is said when they are not.
extension RestoreJob {
  func readInputBounds() throws -> (logStart: Int64, end: Int64) {
    let bounds = try retrying("read the commands topic's bounds") { () throws(KafkaError) in
      try admin.watermarks(topic: topics.commands, partition: partition, timeout: timeouts.restoreCall)
    }
    return (bounds.low, bounds.high)
  }

  func find(_ offset: Int64) throws -> InputCheck.Found {
    try turns.with(.short, cancellation) {
      try retrying("read the command that was processed last") { () throws(KafkaError) in
        try commands.find(at: offset, of: partition, timeout: timeouts.restoreCall)
      }
    }
  }

  /// Says what an operator must know, though the partition is served.
  ///
  /// - Throws: the fault that an order went over, when it is not the one that the order was given for.
  func reportInput(_ machine: RestoreMachine) throws {
    if let (group, checkpoint) = machine.groupBehind {
      logger.warning(
        "the group's position is behind the application's and is not followed",
        metadata: [
          "partition": "\(partition)", "group": "\(group)", "position": "\(checkpoint)",
          "why": """
          the state stands for the commands below the application's position, so that none of them is processed twice: \
          the group's offsets were set back by hand, or its coordinator has forgotten some
          """,
          "cure": """
          nothing, if that was not meant; to process commands again, start anew with another application id and topics \
          of its own
          """,
        ])
    }
    guard let fault = machine.overruled, let move = machine.moves.last else { return }
    guard orders.carryOut(partition, from: move.from) else { throw RestoreFault.inputChanged(fault) }
    statistics.commandsLost(partition, fault.lostCount)
    logger.error(
      "the position on the commands topic is moved by the operator's decision",
      metadata: [
        "topic": "\(topics.commands)", "partition": "\(partition)", "from": "\(move.from)",
        "to": "\(move.to)",
        "lost": "\(fault.lostCount)", "why": "\(fault)",
      ])
  }
}

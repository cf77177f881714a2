import ReadableText
import SequiturTopics
import TerminalView

/// Prints what was found about the topics.
struct TopicsPrinter {
  private let names: TopicNames
  private let json: Bool

  init(_ names: TopicNames, json: Bool) {
    self.names = names
    self.json = json
  }

  /// Prints the report.
  /// - Throws: a ``CommandFailure`` when there are errors: nobody there is 2, a fault found is 1.
  func show(_ report: TopicReport) throws {
    if json {
      try Output.print(document: Document(report, names))
    } else {
      for fault in report.faults { Terminal.printError("\(fault)") }
      for name in report.created { try Output.print("created \(name)") }
      if let partitions = report.partitions, report.errors.isEmpty {
        try Output.print(
          "\(names.all.joined(separator: ", ")): \(partitions.counted("partition")) each, fit for use")
      }
    }
    if report.isUnreachable {
      throw json ? CommandFailure("\(report.errors[0])") : .reportedWrongUsage
    }
    if !report.errors.isEmpty { throw CommandFailure.reportedFault }
  }

  private struct Document: Encodable {
    let valid: Bool
    let partitions: Int?
    let messageBytesMax: Int
    let created: [String]
    let faults: [Fault]

    init(_ report: TopicReport, _ names: TopicNames) {
      valid = report.errors.isEmpty
      partitions = report.partitions
      messageBytesMax = report.limits.messageBytesMax
      created = report.created
      faults = report.faults.map { fault in
        Fault(
          kind: fault.kind.rawValue, severity: fault.severity.rawValue, topic: fault.topic,
          message: fault.message, cure: fault.cure)
      }
    }
  }

  private struct Fault: Encodable {
    let kind: String
    let severity: String
    let topic: String?
    let message: String
    let cure: String
  }
}

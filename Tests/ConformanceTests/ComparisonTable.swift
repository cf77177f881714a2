import Foundation

/// What a broker did in each scenario, beside what is documented and what the simulated Kafka does.
struct ComparisonTable {
  enum Outcome {
    case conforms
    case deviates([String], String)
    case notRun(String)
  }

  let broker: String
  private var rows: [String] = []

  init(broker: String) { self.broker = broker }

  mutating func add(_ scenario: Scenario, _ outcome: Outcome) {
    let simulated = scenario.observe(on: SimulatedCluster(seed: 1))
    let found =
      switch outcome {
      case .conforms: "same"
      case .deviates(let seen, let reason): "**\(text(seen))** (\(reason))"
      case .notRun(let reason): "– (\(reason))"
      }
    rows.append(
      "| \(scenario.name) (\(scenario.source)) | \(text(scenario.documented)) | "
        + "\(simulated == scenario.documented ? "same" : text(simulated)) | \(found) |")
  }

  /// Prints it, or appends it to the file that `SEQUITUR_CONFORMANCE_TABLE` names.
  func publish() throws {
    let head = "| scenario | documented | simulated | \(broker) |\n|---|---|---|---|\n"
    let data = Data(("\n" + head + rows.joined(separator: "\n") + "\n").utf8)
    guard let path = ProcessInfo.processInfo.environment["SEQUITUR_CONFORMANCE_TABLE"] else {
      return FileHandle.standardOutput.write(data)
    }
    if !FileManager.default.fileExists(atPath: path) {
      try Data().write(to: URL(filePath: path))
    }
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.seekToEnd()
    try file.write(contentsOf: data)
  }

  private func text(_ observations: [String]) -> String { observations.joined(separator: " · ") }
}

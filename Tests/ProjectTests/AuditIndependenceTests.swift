import Testing

/// The audit is worth something only while it shares no reading of records with what it audits.
struct AuditIndependenceTests {
  /// Rules are taken from LifecycleRules as the file has them; nothing there that decides or reads values.
  private static let modules: Set = [
    "CSimdJSON", "PartitionEngine", "RocksDB", "SequiturJSON", "SequiturTesting",
  ]
  private static let names = [
    "csj_", "LifecycleDecider", "StateScanner", "GuardProgram", "RulesProgram", "CheckpointRecord",
    "ExpectedVersion",
    "CommandIDHash", "JSONMembers", "JSONDecoder", "JSONSerialization",
  ]

  private func faults(of file: ProjectFile) -> [String] {
    let imported = ImportArrows.imports(in: file.source).filter { Self.modules.contains($0.module) }
      .map { "\(file.path):\($0.line): imports \($0.module)" }
    let named = file.source.codeLines.enumerated().flatMap { index, line in
      Self.names.filter { line.contains($0) }.map { "\(file.path):\(index + 1): uses \($0)" }
    }
    return imported + named
  }

  @Test func `the audit reads headers, numbers and JSON by code that the engine does not use`() throws {
    let files = try ProjectFile.swift(in: "Sources/SequiturAudit")
    #expect(files.contains { $0.name == "AuditJSON.swift" })
    #expect(files.flatMap(faults) == [])
  }

  @Test(arguments: [
    "import CSimdJSON", "@testable import PartitionEngine", "let value = csj_value()",
    "try LifecycleDecider(rules)", "let position = CheckpointRecord(position: 1)",
  ])
  func `shared code is found in the audit`(text: String) {
    #expect(faults(of: ProjectFile(path: "Sources/SequiturAudit/A.swift", text: text)).count == 1)
  }
}

import Testing

struct ImportArrowTests {
  @Test func `every target imports only what the design lets it import`() throws {
    let faults = try ProjectFile.directories(in: "Sources").flatMap { target in
      try ProjectFile.swift(in: "Sources/\(target)").flatMap {
        ImportArrows.project.faults(of: $0, in: target)
      }
    }
    #expect(faults == [])
  }

  @Test func `every directory of Sources is in the table, and the other way round`() throws {
    let directories = try ProjectFile.directories(in: "Sources")
    #expect(directories == ImportArrows.project.targets.keys.sorted())
  }

  @Test func `the arrows form no circle`() {
    #expect(ImportArrows.project.circle() == nil)
  }

  @Test(arguments: ["Sequitur", "PartitionEngine"])
  func `the pure targets see neither Foundation nor NIO nor C`(target: String) throws {
    for module in ["Foundation", "FoundationEssentials", "NIOCore", "Glibc", "CRdKafka", "Dispatch"] {
      let file = ProjectFile(path: "Pure.swift", text: "import \(module)")
      #expect(ImportArrows.project.faults(of: file, in: target).count == 1)
    }
  }

  @Test func `no target may import the executable or a test module`() {
    for target in ImportArrows.project.targets.keys {
      let file = ProjectFile(path: "F.swift", text: "import sequitur\nimport Testing\nimport TestBroker")
      #expect(ImportArrows.project.faults(of: file, in: target).count == 3)
    }
  }

  @Test func `a forbidden import is reported with file, line and module`() {
    let file = ProjectFile(path: "Sources/Sequitur/A.swift", text: "// pure\n\nimport Foundation\n")
    #expect(
      ImportArrows.project.faults(of: file, in: "Sequitur")
        == ["Sources/Sequitur/A.swift:3: Sequitur may not import Foundation"])
  }

  @Test func `a target that is not in the table is reported`() {
    let file = ProjectFile(path: "Sources/New/A.swift", text: "")
    #expect(
      ImportArrows.project.faults(of: file, in: "New") == ["New is not in the table of import arrows"])
  }

  @Test func `a circle of arrows is reported`() {
    let arrows = ImportArrows(
      targets: ["A": .only(["B"]), "B": .only(["C"]), "C": .only(["B"])], executables: [])
    #expect(arrows.circle() == ["B", "C", "B"])
  }

  @Test func `imports are found in every form, and not in comments and strings`() {
    let text = #"""
      @testable public import A
      @preconcurrency import struct B.C
      import D.E; import F
        internal import G
      // import H
      /* import I /* nested */
      import J */ let s = "import K"
      let t = """
        import L
        """
      let important = 1
      """#
    let source = SourceText(text)
    #expect(ImportArrows.imports(in: source).map(\.module) == ["A", "B", "D", "F", "G"])
    #expect(ImportArrows.imports(in: source).map(\.line) == [1, 2, 3, 3, 4])
  }
}

import Testing

struct FolderArrowTests {
  @Test(arguments: ["PartitionEngine", "SequiturWorker"])
  func `every folder uses only what the design lets it use`(target: String) throws {
    let arrows = try #require(FolderArrows.project[target])
    let faults = arrows.faults(of: try ProjectFile.swift(in: "Sources/\(target)"), in: target)
    #expect(faults == [])
  }

  @Test(arguments: FolderArrows.project.keys.sorted())
  func `the folders' arrows form no circle, and each folder exists`(target: String) throws {
    let arrows = try #require(FolderArrows.project[target])
    #expect(arrows.circle == nil)
    let paths = try ProjectFile.swift(in: "Sources/\(target)").map { $0.path.split(separator: "/") }
    let folders = Set(paths.map { String($0[2]) }).sorted()
    #expect(arrows.allowed.keys.sorted() == folders)
  }

  private let arrows = FolderArrows(["A": ["B"], "B": []])

  private func faults(a: String, b: String) -> [String] {
    arrows.faults(
      of: [
        ProjectFile(path: "Sources/T/A/One.swift", text: a),
        ProjectFile(path: "Sources/T/B/Two.swift", text: b),
      ], in: "T")
  }

  @Test func `a type of a folder that must not be used is reported with file and line`() {
    #expect(
      faults(a: "struct One {}", b: "// fine\nlet one = One()\n")
        == ["Sources/T/B/Two.swift:2: B may not use One of A"])
    #expect(faults(a: "public final class One {}", b: "extension One {}").count == 1)
    #expect(faults(a: "package protocol One {}", b: "struct Two: One {}").count == 1)
  }

  @Test func `an arrow of the table, comments, strings and names that are hidden are no faults`() {
    #expect(faults(a: "let two = Two()", b: "struct Two {}") == [])
    #expect(faults(a: "struct One {}", b: "// One\nlet text = \"One\"") == [])
    #expect(faults(a: "struct One {}", b: "enum Two {\n  enum One {}\n}\nlet one: Two.One") == [])
    #expect(faults(a: "private struct One {}", b: "private struct One {}") == [])
  }

  @Test func `a folder that is not in the table is reported`() {
    let file = ProjectFile(path: "Sources/T/C/Three.swift", text: "")
    #expect(
      arrows.faults(of: [file], in: "T") == ["Sources/T/C/Three.swift: the folder C is not in the table of T"]
    )
  }

  @Test func `a circle of folders is reported`() {
    #expect(FolderArrows(["A": ["B"], "B": ["A"]]).circle == ["A", "B", "A"])
  }
}

import Testing

struct StyleTests {
  @Test func `no file is longer than 600 lines`() throws {
    let files = try ProjectFile.swift.get()
    let faults = files.flatMap(StyleRules.length)
    #expect(faults == [])
    #expect(files.contains { $0.path == "Sources/Sequitur/Decider.swift" })
  }

  @Test func `no file and no type has an empty name`() throws {
    let faults = try ProjectFile.swift.get().flatMap(StyleRules.emptyNames)
    #expect(faults == [])
  }

  @Test func `what the compiler does not check for races has its reason beside it`() throws {
    let faults = try ProjectFile.swift.get().flatMap(StyleRules.uncheckedWithoutReason)
    #expect(faults == [])
  }

  @Test func `sources trap by preconditions only`() throws {
    let faults = try ProjectFile.swift(in: "Sources").flatMap(StyleRules.traps)
    #expect(faults == [])
  }

  @Test func `tests wait for events, not for time`() throws {
    // TestBroker has the one bounded wait: for a port to answer.
    let files = try ProjectFile.swift(in: "Tests").filter { !$0.path.hasPrefix("Tests/TestBroker/") }
    let faults = files.flatMap(StyleRules.sleeps)
    #expect(faults == [])
  }

  @Test func `the program prints through one place`() throws {
    let files = try [
      "SequiturAudit", "SequiturDemo", "SequiturInspection", "SequiturSettings", "TerminalView", "sequitur",
    ]
    .flatMap { try ProjectFile.swift(in: "Sources/\($0)") }
    let faults = files.filter { $0.name != "StandardStream.swift" }.flatMap(StyleRules.printsByItself)
    #expect(faults == [])
    #expect(files.flatMap(StyleRules.printsByItself).count == 1, "the one place itself")
  }

  @Test func `everything that a library offers is documented`() throws {
    let libraries = [
      "KafkaClient", "LifecycleRules", "PostgreSQL", "RocksDB", "RulesModel", "Sequitur",
      "SequiturFollower", "SequiturInspection", "SequiturOutbox", "SequiturJSON", "SequiturTesting",
      "SequiturTopics",
      "SequiturViews",
      "SequiturWorker",
    ]
    let files = try libraries.flatMap { try ProjectFile.swift(in: "Sources/\($0)") }
    #expect(files.flatMap(StyleRules.undocumented) == [])
    #expect(files.contains { $0.text.contains("public ") })
  }

  @Test func `public declarations without documentation are reported`() {
    let bad = """
      public struct A {
        /// What it is.
        public let a: Int
        public let b: Int
        @inlinable public var c: Int { 1 }
        // No documentation.
        @inlinable
        public init() {}
        public internal(set) var d = 1
      }
      """
    #expect(StyleRules.undocumented(file(bad)).count == 5)
    let good = """
      /// A thing.
      @frozen
      public struct A: CustomStringConvertible {
        public var description: String { "public let a" }
        /// One.
        @inlinable @_lifetime(copy key)
        public init(_ key: Int) {}
        let open = 1
      }
      public extension A {}
      """
    #expect(StyleRules.undocumented(file(good)) == [])
  }

  @Test func `a file of 601 lines is reported, one of 600 is not`() {
    #expect(StyleRules.length(file(String(repeating: "\n", count: 600))) == [])
    #expect(StyleRules.length(file(String(repeating: "\n", count: 601))).count == 1)
  }

  @Test func `empty names are reported in files and in types`() {
    let bad = ProjectFile(
      path: "Sources/A/StringUtils.swift", text: "final class LaneManager {}\nenum Misc {}")
    #expect(StyleRules.emptyNames(bad).count == 3)
    #expect(StyleRules.emptyNames(ProjectFile(path: "Data+Helpers.swift", text: "")).count == 1)
    let good = ProjectFile(
      path: "Lane.swift", text: "struct Lane {} // no LaneManager\nlet s = \"class Utils\"")
    #expect(StyleRules.emptyNames(good) == [])
  }

  @Test func `an unchecked Sendable without a reason is reported`() {
    #expect(StyleRules.uncheckedWithoutReason(file("final class A: @unchecked Sendable {}")).count == 1)
    #expect(
      StyleRules.uncheckedWithoutReason(file("/// A handle.\nclass A: @unchecked Sendable {}")).count == 1)
    #expect(
      StyleRules.uncheckedWithoutReason(file("// One thread.\n\nvar a: nonisolated(unsafe) A")).count == 1)
  }

  @Test func `an unchecked Sendable with its reason is not reported`() {
    let above =
      "/// A handle. Sendable: librdkafka locks it (rdkafka.h).\n@frozen\nclass A: @unchecked Sendable {}"
    #expect(StyleRules.uncheckedWithoutReason(file(above)) == [])
    let beside = "nonisolated(unsafe) let a = 1  // read by one thread"
    #expect(StyleRules.uncheckedWithoutReason(file(beside)) == [])
  }

  @Test func `traps are reported in code only`() {
    #expect(StyleRules.traps(file("let a = try! b()\nfatalError(\"x\")\n")).count == 2)
    #expect(
      StyleRules.traps(file("// try! b()\nlet a = \"fatalError(\"\ntry b(); preconditionFailure()")) == [])
  }

  @Test func `sleeps are reported in code only`() {
    let bad = "try await Task.sleep(for: .seconds(1))\nusleep(3)\nsleep (1)\nThread.sleep(forTimeInterval: 1)"
    #expect(StyleRules.sleeps(file(bad)).count == 4)
    #expect(StyleRules.sleeps(file("// sleep(1)\nlet oversleep = 1\nawait sleeper.wakes()")) == [])
  }

  @Test func `prints are reported, and what only looks like one is not`() {
    let bad = """
      print("a")
      Swift.print(a)
      FileHandle.standardError.write(data)
      fputs(a, stderr)
      debugPrint(a)
      write(1, a, 1)
      Glibc.write(descriptor, a, 1)
      """
    #expect(StyleRules.printsByItself(file(bad)).count == 7)
    let good = """
      // print(a)
      FileHandle(forReadingFrom: url)
      try Output.print(a)
      static func print(_ a: Int) {}
      write(a)
      blueprint(a)
      """
    #expect(StyleRules.printsByItself(file(good)) == [])
  }

  @Test func `strings, raw strings and interpolations are no code`() {
    let text = ##"""
      let a = "\(b("x", c))" + d
      let e = #"try! "quoted" \#(f("g"))"# + h
      let i = "\\" + j
      """##
    let code = SourceText(text).codeLines.map { $0.split(separator: " ").joined(separator: " ") }
    #expect(code == ["let a = + d", "let e = + h", "let i = + j"])
  }

  private func file(_ text: String) -> ProjectFile {
    ProjectFile(path: "F.swift", text: text)
  }
}

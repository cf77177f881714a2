/// Rules of style that a machine can check; each returns its faults as sentences with file and line.
enum StyleRules {
  static let fileLinesMax = 600

  /// A file that is too long to be read.
  static func length(_ file: ProjectFile) -> [String] {
    let count = file.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
    return count > fileLinesMax ? ["\(file.path): \(count) lines, \(fileLinesMax) are the limit"] : []
  }

  /// Names that say nothing about what is inside.
  static func emptyNames(_ file: ProjectFile) -> [String] {
    let name = String(file.name.prefix { $0 != "." })
    let inName = saysNothing(name) ? ["\(file.path): a file's name says what it is, '\(name)' does not"] : []
    let inCode = code(of: file).flatMap { line, code in
      guard emptyNameEndings.contains(where: code.contains) else { return [String]() }
      return code.matches(of: /\b(?:actor|class|enum|extension|protocol|struct|typealias)\s+(\w+)/).compactMap
      {
        match in
        saysNothing(String(match.1)) ? "\(file.path):\(line): '\(match.1)' does not say what it is" : nil
      }
    }
    return inName + inCode
  }

  /// What the compiler no longer checks needs its reason beside it: a comment that says why it is safe to send, or
  /// which thread uses it.
  static func uncheckedWithoutReason(_ file: ProjectFile) -> [String] {
    file.source.codeLines.enumerated().compactMap { index, code in
      guard code.contains("@unchecked Sendable") || code.contains("nonisolated(unsafe)") else { return nil }
      let reason = comment(at: index, in: file.source).lowercased()
      if ["unchecked", "sendable", "thread", "synchroni", "lock", "race", "immutable"].contains(
        where: reason.contains)
      {
        return nil
      }
      return "\(file.path):\(index + 1): no comment here says why this is safe on several threads"
    }
  }

  /// Errors in operation are thrown, programmer errors are preconditions that name themselves.
  static func traps(_ file: ProjectFile) -> [String] {
    code(of: file).compactMap { line, code in
      guard code.contains("try!") || code.contains("fatalError") else { return nil }
      guard let match = code.firstMatch(of: /\btry!|\bfatalError\s*\(/) else { return nil }
      return "\(file.path):\(line): '\(match.0)' in sources: throw, or use a precondition"
    }
  }

  /// Waiting for time to pass: too short on a slow machine, too long on every other.
  static func sleeps(_ file: ProjectFile) -> [String] {
    code(of: file).compactMap { line, code in
      guard code.contains("sleep") else { return nil }
      guard let match = code.firstMatch(of: /\b(?:Task|Thread)\.sleep\b|\b(?:u|nano)?sleep\s*\(/) else {
        return nil
      }
      return "\(file.path):\(line): '\(match.0)' waits for time, not for an event"
    }
  }

  /// Output that does not go through the place which knows what to do when it cannot be written.
  static func printsByItself(_ file: ProjectFile) -> [String] {
    code(of: file).compactMap { line, code in
      guard ["print", "Print", "put", "dump", "write", "FileHandle"].contains(where: code.contains) else {
        return nil
      }
      // A declaration of such a name is none of these.
      guard !code.contains("func ") else { return nil }
      let code = code.replacing("FileHandle(forReading", with: "")
      guard let match = " \(code) ".firstMatch(of: bareOutput) else { return nil }
      let call = match.0.trimmingPrefix { !$0.isLetter }
      return "\(file.path):\(line): '\(call)' prints by itself: use Output, Terminal or the logger"
    }
  }

  /// What a user of a library meets without a word on what it is. What a protocol of the standard library asks for, every
  /// reader knows.
  static func undocumented(_ file: ProjectFile) -> [String] {
    code(of: file).compactMap { line, code in
      guard let match = code.firstMatch(of: /^ *(?:@\w+(?:\([^)]*\))? )*public (.*)$/) else {
        return nil
      }
      let declaration = match.1
      guard !["extension", "import"].contains(where: declaration.hasPrefix) else { return nil }
      guard declaration.firstMatch(of: /^(?:var|let) (?:description|rawValue)\b|^func hash\(/) == nil else {
        return nil
      }
      return hasDocumentation(above: line - 1, in: file.source)
        ? nil : "\(file.path):\(line): public, but nothing says what it is: \(declaration)"
    }
  }

  /// Whether a documentation comment ends above a line, attributes aside.
  private static func hasDocumentation(above index: Int, in source: SourceText) -> Bool {
    for above in source.lines[..<index].reversed() {
      if above.firstMatch(of: /^ *@[\w@(), :"]+$/) == nil || above.contains(" public ") {
        return above.firstMatch(of: /^ *\/\/\//) != nil
      }
    }
    return false
  }

  /// Calls of the standard library, Foundation and C that write to a stream.
  private static var bareOutput: Regex<Substring> {
    /[^.\w](?:debugPrint|dump|print|fputs|fwrite|puts|fprintf|vprintf|printf)\(|[^.\w]Swift\.(?:debugP|p)rint\(|[^\w]FileHandle[^\w]|[^.\w](?:Glibc|Foundation)\.write\(|[^.\w]write\(\s*(?:1|2|STDOUT_FILENO|STDERR_FILENO)[^\w]/
  }

  private static func code(of file: ProjectFile) -> [(line: Int, code: Substring)] {
    file.source.codeLines.enumerated().map { ($0 + 1, $1) }
  }

  private static let emptyNameEndings = ["Util", "Utility", "Utilitie", "Helper", "Manager", "Misc", "Stuff"]

  private static func saysNothing(_ name: String) -> Bool {
    // Type+Aspect.swift: each part on its own.
    name.split(separator: "+").contains { part in
      emptyNameEndings.contains { part.hasSuffix($0) || part.hasSuffix($0 + "s") }
    }
  }

  /// The comment on a line, and the comment lines right above it (attributes may stand between).
  private static func comment(at index: Int, in source: SourceText) -> String {
    var parts = [String(source.lines[index].dropFirst(source.codeLines[index].trimmedEnd.count))]
    for above in stride(from: index - 1, through: 0, by: -1) {
      let line = source.lines[above].drop { $0 == " " }
      if line.hasPrefix("//") {
        parts.append(String(line))
      } else if !line.hasPrefix("@") {
        break
      }
    }
    return parts.joined(separator: "\n")
  }
}

extension Substring {
  fileprivate var trimmedEnd: Substring {
    self[..<(lastIndex { $0 != " " }.map { index(after: $0) } ?? startIndex)]
  }
}

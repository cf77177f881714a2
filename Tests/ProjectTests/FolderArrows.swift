/// Which folders of a target may use what other folders of it declare: the rooms of the design.
///
/// Within a module nothing has to be imported, so the names of types are looked for. A nested type, a function or a
/// member of an extension is not seen.
struct FolderArrows {
  /// The package's own tables. A folder that is not listed is a fault.
  static let project: [String: FolderArrows] = [
    "PartitionEngine": FolderArrows([
      "Changelog": ["Machines", "Memory"],
      "Machines": [],
      "Memory": [],
      "Output": ["Memory"],
      "Processor": ["Machines", "Memory", "Output"],
    ]),
    "SequiturWorker": FolderArrows([
      "Changelog": [],
      "Commit": ["Configuration", "Events", "Metrics"],
      "Configuration": ["Health", "Threads"],
      "CrashGuard": ["Store"],
      "Events": [],
      "Group": [
        "Configuration", "Events", "Health", "Intake", "Lane", "Metrics", "Restore", "Threads", "Tracing",
      ],
      "Health": [],
      "History": ["Changelog", "Lane", "Rehearsal", "Threads"],
      "Intake": ["Configuration"],
      "Lane": [
        "Commit", "Configuration", "CrashGuard", "Intake", "Metrics", "Store", "Threads", "Tracing",
      ],
      "Logging": [],
      "Metrics": ["Events", "Health"],
      "Rehearsal": ["Changelog", "Configuration", "Lane", "Threads"],
      "Restore": ["Changelog", "Configuration", "CrashGuard", "Health", "Metrics", "Store", "Threads"],
      "Store": ["Configuration", "Metrics"],
      "Threads": [],
      "Tracing": [],
      "Worker": [
        "Commit", "Configuration", "CrashGuard", "Events", "Group", "Health", "Intake", "Lane", "Metrics",
        "Restore", "Store", "Threads", "Tracing",
      ],
    ]),
  ]

  let allowed: [String: Set<String>]

  init(_ allowed: [String: Set<String>]) { self.allowed = allowed }

  /// The faults of a target's files, as sentences.
  func faults(of files: [ProjectFile], in target: String) -> [String] {
    let rooms = files.map { Room($0, target) }
    var owner: [Substring: String] = [:]
    for room in rooms { for type in room.types { owner[type] = room.folder } }
    return rooms.flatMap { room -> [String] in
      guard let allowed = allowed[room.folder] else {
        return ["\(room.file.path): the folder \(room.folder) is not in the table of \(target)"]
      }
      let hidden = rooms.filter { $0.folder == room.folder }.reduce(into: Set<Substring>()) {
        $0.formUnion($1.nested)
      }
      return room.words.compactMap { word, line in
        guard let folder = owner[word], folder != room.folder, !allowed.contains(folder),
          !hidden.contains(word)
        else { return nil }
        return "\(room.file.path):\(line): \(room.folder) may not use \(word) of \(folder)"
      }.sorted()
    }
  }

  /// A way from a folder back to itself, or nil when the arrows form no circle.
  var circle: [String]? {
    ImportArrows(targets: allowed.mapValues { .only($0) }, executables: []).circle()
  }

  /// One file's types, and the words it uses.
  private struct Room {
    let file: ProjectFile
    /// The first folder below the target's, or the target's name.
    let folder: String
    /// Declared at the top of the file, for other files to use.
    private(set) var types: [Substring] = []
    /// Declared inside of others: they hide what has the same name elsewhere.
    private(set) var nested: [Substring] = []
    /// Words that begin with a capital, each with its first line.
    private(set) var words: [Substring: Int] = [:]

    init(_ file: ProjectFile, _ target: String) {
      self.file = file
      let parts = file.path.split(separator: "/")
      folder = parts.count > 3 ? String(parts[2]) : target
      for (index, line) in file.source.codeLines.enumerated() {
        for word in line.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }) {
          if word.first?.isUppercase == true, words[word] == nil { words[word] = index + 1 }
        }
        declare(line)
      }
    }

    private mutating func declare(_ line: Substring) {
      let tokens = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
      guard let keyword = tokens.firstIndex(where: { Self.keywords.contains($0) }),
        tokens.count > keyword + 1, tokens[..<keyword].allSatisfy({ Self.modifiers.contains($0) })
      else { return }
      let name = tokens[keyword + 1]
      if line.first == " " {
        nested.append(name)
      } else if !tokens[..<keyword].contains("private"), !tokens[..<keyword].contains("fileprivate") {
        types.append(name)
      }
    }

    private static let keywords: Set<Substring> = [
      "actor", "class", "enum", "protocol", "struct", "typealias",
    ]
    private static let modifiers: Set<Substring> = [
      "final", "fileprivate", "frozen", "indirect", "internal", "package", "private", "public", "unchecked",
      "usableFromInline",
    ]
  }
}

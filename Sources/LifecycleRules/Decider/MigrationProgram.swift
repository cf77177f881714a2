import JSONFields
import RulesModel
import Sequitur

/// How states of one older version are read, with every name replaced by an index. Off the hot path: a state is read this
/// way until a command changes its object.
final class MigrationProgram {
  /// What an expression, or a field that is as before, takes from the older state.
  struct Slot {
    enum Form {
      /// As the type that the rules declare.
      case declared(FieldType, initial: csj_value)
      /// As another type than the state has it, perhaps.
      case converted(FieldType)
      /// Only whether it is there.
      case presence
    }

    /// Among ``names``.
    let name: Int
    /// The slot of the number's text, or of the list, among the values; 0 when there is none.
    let text: Int
    let form: Form
  }

  enum Source {
    case slot(Int)
    case value(Code)
  }

  let from: Int
  /// `status`, then the fields that are read.
  let names: NameTable
  /// The names of older statuses that are called otherwise now.
  let statuses: [String: Int]
  let slots: [Slot]
  /// By field of the object.
  let sources: [Source]

  init(_ migration: Migration, _ rules: Rules, _ builder: inout ProgramBuilder, initials: [csj_value]) {
    from = migration.from
    var places = SlotPlaces(rules, initials)
    let assigned = Dictionary(migration.fields.map { ($0.field, $0.value) }) { first, _ in first }
    var expressions: [(field: Int, root: TypedNode)] = []
    var sources: [Source] = []
    for (index, field) in rules.fields.enumerated() {
      guard let value = assigned[field.name] else {
        sources.append(.slot(places.index(of: .declared(field.name))))
        continue
      }
      let root = value.root.replacingFormerReads { "\(places.index(of: $0))" }
      expressions.append((index, root))
      sources.append(.slot(-1))
    }
    let fields = Dictionary(
      uniqueKeysWithValues: places.reads.indices.map {
        ("\($0)", ExpressionCompiler.Field(bank: .command, index: $0))
      })
    for (index, root) in expressions { sources[index] = .value(builder.compile(root, command: fields)) }
    self.sources = sources
    let table = NameTable(["status"] + places.names)
    slots = places.slots { table.addText($0 + 1) }
    names = table
    statuses = migration.states.mapValues { target in (rules.states.firstIndex(of: target) ?? 0) + 1 }
  }
}

/// Collects what is read of an older state, each once.
private struct SlotPlaces {
  private let declared: [String: (type: FieldType, initial: csj_value)]
  private(set) var reads: [FormerRead] = []
  private(set) var names: [String] = []

  init(_ rules: Rules, _ initials: [csj_value]) {
    declared = Dictionary(
      zip(rules.fields, initials).map { ($0.name, ($0.type, $1)) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func index(of read: FormerRead) -> Int {
    if let index = reads.firstIndex(of: read) { return index }
    reads.append(read)
    if !names.contains(read.name) { names.append(read.name) }
    return reads.count - 1
  }

  /// - Parameter text: makes the slot of a name's text.
  func slots(_ text: (Int) -> Int) -> [MigrationProgram.Slot] {
    var texts: [Int: Int] = [:]
    return reads.map { read in
      let name = names.firstIndex(of: read.name)!
      func textSlot() -> Int {
        if let slot = texts[name] { return slot }
        texts[name] = text(name)
        return texts[name]!
      }
      switch read {
      case .has: return MigrationProgram.Slot(name: name + 1, text: 0, form: .presence)
      case .converted(_, let type):
        return MigrationProgram.Slot(name: name + 1, text: textSlot(), form: .converted(type))
      case .declared(let field):
        let (type, initial) = declared[field]!
        return MigrationProgram.Slot(
          name: name + 1, text: FieldForm(type).needsText ? textSlot() : 0,
          form: .declared(type, initial: initial))
      }
    }
  }
}

extension FormerRead {
  fileprivate var name: String {
    switch self {
    case .declared(let name), .converted(let name, _), .has(let name): name
    }
  }
}

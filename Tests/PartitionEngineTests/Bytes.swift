import Sequitur

@testable import PartitionEngine

func array(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { [UInt8](bytes) }

func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

/// An object record's bytes.
func objectRecord(version: UInt64, ids: [UInt8] = [], state: String) -> [UInt8] {
  var writer = ByteWriter()
  ids.withUnsafeBytes { ObjectRecord.append(to: &writer, version: version, commandIDs: $0) }
  writer.append(state)
  return array(writer.bytes)
}

import Sequitur
import Testing

/// The expected values are those of a Python implementation, which agrees with the reference vectors of
/// SipHash-2-4-128 (key 00 01 … 0f; of the empty input: a3817f04ba25a8e66df67214c7550293), for the zero key.
@Suite struct CommandIDHashTests {
  @Test(
    arguments: [
      (0, 0xf4f2_ced4_47ab_0242, 0x7de0_a380_47d7_4950),
      (1, 0x01b8_3875_e594_f031, 0xb8af_4c5e_e812_1ed4),
      (2, 0xf8c8_348c_13ec_3e7c, 0xb002_e560_977d_8a25),
      (7, 0xffb2_8133_f87f_d757, 0x61e4_5c40_f99b_3678),
      (8, 0x84af_754a_2940_55e9, 0x0e44_eb01_f934_654b),
      (9, 0x943e_629b_f8a4_b959, 0x96eb_1303_4ce4_c7d8),
      (15, 0x5e95_c049_02ea_8483, 0x1225_0f9c_7a53_b89f),
      (16, 0x8b50_2a73_58bb_34a2, 0x3250_f290_ab50_ad81),
      (17, 0x442e_bbab_7400_f3de, 0x0d1e_9a84_7b37_28ce),
      (63, 0xded8_7548_5be5_fa96, 0xef42_f95d_cf42_3d4e),
      (64, 0xe219_54f7_fe6c_6611, 0x46c7_0a6c_6791_f8b9),
      (255, 0x6499_6b24_1868_d699, 0xf573_0048_bfaa_91d8),
      (256, 0xbbee_ab27_76a4_0d3d, 0x25a0_ca28_e8d6_1d91),
      (1000, 0x6124_657d_664b_3f54, 0xbd94_0db1_fb62_d44c),
    ] as [(Int, UInt64, UInt64)])
  func `agrees with an independent implementation`(length: Int, high: UInt64, low: UInt64) {
    let input = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
    #expect(input.withUnsafeBytes { CommandIDHash($0) } == CommandIDHash(high: high, low: low))
  }

  @Test func `does not depend on where the bytes stand`() {
    let input = (0..<40).map { UInt8($0) }
    let hashes = (0..<8).map { shift in
      (Array(repeating: 0xaa, count: shift) + input).withUnsafeBytes { bytes in
        CommandIDHash(UnsafeRawBufferPointer(rebasing: bytes[shift...]))
      }
    }
    #expect(Set(hashes).count == 1)
  }
}

/** Seeds as their standards publish them: typed from SLIP-10, BIP 32, BIP 39 and CIP-3. */
import type { KeyAlgorithmId } from "../../src/domain/algorithms.ts"

/** Public keys by path: compressed, or the 32 bytes of Ed25519. */
export const slip10: readonly {
  readonly title: string
  readonly algorithm: KeyAlgorithmId
  readonly seed: string
  readonly keys: Readonly<Record<string, string>>
}[] = [
  {
    title: "SLIP-10, test vector 1 for secp256k1",
    algorithm: "BIP32_SECP256K1",
    seed: "000102030405060708090a0b0c0d0e0f",
    keys: {
      m: "0339a36013301597daef41fbe593a02cc513d0b55527ec2df1050e2e8ff49c85c2",
      "m/0'": "035a784662a4a20a65bf6aab9ae98a6c068a81c52e4b032c0fb5400c706cfccc56",
      "m/0'/1": "03501e454bf00751f24b1b489aa925215d66af2234e3891c3b21a52bedb3cd711c",
      "m/0'/1/2'": "0357bfe1e341d01c69fe5654309956cbea516822fba8a601743a012a7896ee8dc2",
      "m/0'/1/2'/2": "02e8445082a72f29b75ca48748a914df60622a609cacfce8ed0e35804560741d29",
      "m/0'/1/2'/2/1000000000":
        "022a471424da5e657499d1ff51cb43c47481a03b1e77f951fe64cec9f5a48f7011",
    },
  },
  {
    title: "SLIP-10, test vector 1 for nist256p1",
    algorithm: "SLIP10_P256",
    seed: "000102030405060708090a0b0c0d0e0f",
    keys: {
      m: "0266874dc6ade47b3ecd096745ca09bcd29638dd52c2c12117b11ed3e458cfa9e8",
      "m/0'": "0384610f5ecffe8fda089363a41f56a5c7ffc1d81b59a612d0d649b2d22355590c",
      "m/0'/1": "03526c63f8d0b4bbbf9c80df553fe66742df4676b241dabefdef67733e070f6844",
      "m/0'/1/2'": "0359cf160040778a4b14c5f4d7b76e327ccc8c4a6086dd9451b7482b5a4972dda0",
      "m/0'/1/2'/2": "029f871f4cb9e1c97f9f4de9ccd0d4a2f2a171110c61178f84430062230833ff20",
      "m/0'/1/2'/2/1000000000":
        "02216cd26d31147f72427a453c443ed2cde8a1e53c9cc44e5ddf739725413fe3f4",
    },
  },
  {
    title: "SLIP-10, test vector 1 for ed25519",
    algorithm: "SLIP10_ED25519",
    seed: "000102030405060708090a0b0c0d0e0f",
    keys: {
      m: "a4b2856bfec510abab89753fac1ac0e1112364e7d250545963f135f2a33188ed",
      "m/0'": "8c8a13df77a28f3445213a0f432fde644acaa215fc72dcdf300d5efaa85d350c",
      "m/0'/1'": "1932a5270f335bed617d5b935c80aedb1a35bd9fc1e31acafd5372c30f5c1187",
      "m/0'/1'/2'": "ae98736566d30ed0e9d2f4486a64bc95740d89c7db33f52121f8ea8f76ff0fc1",
      "m/0'/1'/2'/2'": "8abae2d66361c879b900d204ad2cc4984fa2aa344dd7ddc46007329ac76c429c",
      "m/0'/1'/2'/2'/1000000000'":
        "3c24da049451555d51a7014a37337aa4e12d41e485abccfa46b47dfb2af54b7a",
    },
  },
  {
    title: "SLIP-10, test vector 2 for secp256k1",
    algorithm: "BIP32_SECP256K1",
    seed:
      "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2" +
      "9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542",
    keys: {
      m: "03cbcaa9c98c877a26977d00825c956a238e8dddfbd322cce4f74b0b5bd6ace4a7",
      "m/0": "02fc9e5af0ac8d9b3cecfe2a888e2117ba3d089d8585886c9c826b6b22a98d12ea",
      "m/0/2147483647'": "03c01e7425647bdefa82b12d9bad5e3e6865bee0502694b94ca58b666abc0a5c3b",
      "m/0/2147483647'/1": "03a7d1d856deb74c508e05031f9895dab54626251b3806e16b4bd12e781a7df5b9",
      "m/0/2147483647'/1/2147483646'":
        "02d2b36900396c9282fa14628566582f206a5dd0bcc8d5e892611806cafb0301f0",
      "m/0/2147483647'/1/2147483646'/2":
        "024d902e1a2fc7a8755ab5b694c575fce742c48d9ff192e63df5193e4c7afe1f9c",
    },
  },
  {
    title: "SLIP-10, test vector 2 for nist256p1",
    algorithm: "SLIP10_P256",
    seed:
      "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2" +
      "9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542",
    keys: {
      m: "02c9e16154474b3ed5b38218bb0463e008f89ee03e62d22fdcc8014beab25b48fa",
      "m/0": "039b6df4bece7b6c81e2adfeea4bcf5c8c8a6e40ea7ffa3cf6e8494c61a1fc82cc",
      "m/0/2147483647'": "02f89c5deb1cae4fedc9905f98ae6cbf6cbab120d8cb85d5bd9a91a72f4c068c76",
      "m/0/2147483647'/1": "03abe0ad54c97c1d654c1852dfdc32d6d3e487e75fa16f0fd6304b9ceae4220c64",
      "m/0/2147483647'/1/2147483646'":
        "03cb8cb067d248691808cd6b5a5a06b48e34ebac4d965cba33e6dc46fe13d9b933",
      "m/0/2147483647'/1/2147483646'/2":
        "020ee02e18967237cf62672983b253ee62fa4dd431f8243bfeccdf39dbe181387f",
    },
  },
  {
    title: "SLIP-10, test vector 2 for ed25519",
    algorithm: "SLIP10_ED25519",
    seed:
      "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2" +
      "9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542",
    keys: {
      m: "8fe9693f8fa62a4305a140b9764c5ee01e455963744fe18204b4fb948249308a",
      "m/0'": "86fab68dcb57aa196c77c5f264f215a112c22a912c10d123b0d03c3c28ef1037",
      "m/0'/2147483647'": "5ba3b9ac6e90e83effcd25ac4e58a1365a9e35a3d3ae5eb07b9e4d90bcf7506d",
      "m/0'/2147483647'/1'": "2e66aa57069c86cc18249aecf5cb5a9cebbfd6fadeab056254763874a9352b45",
      "m/0'/2147483647'/1'/2147483646'":
        "e33c0f7d81d843c572275f287498e8d408654fdf0d1e065b84e2e6f157aab09b",
      "m/0'/2147483647'/1'/2147483646'/2'":
        "47150c75db263559a70d5778bf36abbab30fb061ad69f69ece61a72b0cfa4fc0",
    },
  },
  {
    title: "SLIP-10, test derivation retry for nist256p1",
    algorithm: "SLIP10_P256",
    seed: "000102030405060708090a0b0c0d0e0f",
    keys: {
      m: "0266874dc6ade47b3ecd096745ca09bcd29638dd52c2c12117b11ed3e458cfa9e8",
      "m/28578'": "02519b5554a4872e8c9c1c847115363051ec43e93400e030ba3c36b52a3e70a5b7",
      "m/28578'/33941": "0235bfee614c0d5b2cae260000bb1d0d84b270099ad790022c1ae0b2e782efe120",
    },
  },
  {
    title: "SLIP-10, test seed retry for nist256p1",
    algorithm: "SLIP10_P256",
    seed: "a7305bc8df8d0951f0cb224c0e95d7707cbdf2c6ce7e8d481fec69c7ff5e9446",
    keys: {
      m: "0383619fadcde31063d8c5cb00dbfe1713f3e6fa169d8541a798752a1c1ca0cb20",
    },
  },
]

/** Extended public keys of BIP 32, in two halves. */
export const bip32: readonly {
  readonly seed: string
  readonly keys: Readonly<Record<string, readonly [string, string]>>
}[] = [
  {
    seed: "000102030405060708090a0b0c0d0e0f",
    keys: {
      m: [
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe",
        "PY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
      ],
      "m/0'": [
        "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEj",
        "WgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw",
      ],
      "m/0'/1": [
        "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3",
        "UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ",
      ],
      "m/0'/1/2'": [
        "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VU",
        "NgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5",
      ],
      "m/0'/1/2'/2": [
        "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBq",
        "aGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
      ],
      "m/0'/1/2'/2/1000000000": [
        "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSV",
        "qNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy",
      ],
    },
  },
  {
    seed:
      "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2" +
      "9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542",
    keys: {
      m: [
        "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUa",
        "pSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB",
      ],
      "m/0": [
        "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9Lgpe",
        "yGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH",
      ],
      "m/0/2147483647'": [
        "xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEy",
        "BLZ85ySDhKiLDBrQSARLq1uNRts8RuJiHjaDMBU4Zn9h8LZNnBC5y4a",
      ],
      "m/0/2147483647'/1": [
        "xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg",
        "5EwVvmdMVCQcoNJxGoWaU9DCWh89LojfZ537wTfunKau47EL2dhHKon",
      ],
      "m/0/2147483647'/1/2147483646'": [
        "xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhg",
        "bmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL",
      ],
      "m/0/2147483647'/1/2147483646'/2": [
        "xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdS",
        "nLFbdpq8p9HmGsApME5hQTZ3emM2rnY5agb9rXpVGyy3bdW6EEgAtqt",
      ],
    },
  },
]

/** CIP-3, Icarus: kL, kR and chain code of the root. */
export const icarus: readonly {
  readonly passphrase: string
  readonly root: readonly [string, string, string]
}[] = [
  {
    passphrase: "",
    root: [
      "c065afd2832cd8b087c4d9ab7011f481ee1e0721e78ea5dd609f3ab3f156d245",
      "d176bd8fd4ec60b4731c3918a2a72a0226c0cd119ec35b47e4d55884667f552a",
      "23f7fdcd4a10c6cd2c7393ac61d877873e248f417634aa3d812af327ffe9d620",
    ],
  },
  {
    passphrase: "foo",
    root: [
      "70531039904019351e1afb361cd1b312a4d0565d4ff9f8062d38acf4b15cce41",
      "d7b5738d9c893feea55512a3004acb0d222c35d3e3d5cde943a15a9824cbac59",
      "443cf67e589614076ba01e354b1a432e0e6db3b59e37fc56b5fb0222970a010e",
    ],
  },
]
export const icarusWords =
  "eight country switch draw meat scout mystery blade tip drift useless good keep usage title"

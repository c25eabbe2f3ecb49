//! `ramgate sandbox`, run as a process.

use super::process::{ACCOUNT, Key, OWNER, SESSION, Sandbox, answer, call, ramgate, run, settled};

const CREATE: [&str; 5] =
    ["CreateDBCluster", "RegionId=cn-hangzhou", "DBType=MySQL", "DBVersion=8.0", "PayType=Postpaid"];

fn ids(endpoint: &str) -> Vec<String> {
    let listed = answer(OWNER, endpoint, &["DescribeDBClusters", "RegionId=cn-hangzhou"]);
    let clusters = listed["Items"]["DBCluster"].as_array().unwrap();
    clusters.iter().map(|cluster| cluster["DBClusterId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn with_a_state_file_clusters_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.redb");
    let state = ["--state", file.to_str().unwrap()];
    let first = Sandbox::start(OWNER, &state);
    let created = answer(OWNER, &first.endpoint(), &CREATE);
    let id = created["DBClusterId"].as_str().unwrap();
    let (status, said) = first.end("TERM");
    assert_eq!(status, 0, "{said}");
    assert!(!said.contains("in memory"), "{said}");

    let second = Sandbox::start(OWNER, &state);
    assert_eq!(ids(&second.endpoint()), [id]);
    assert_eq!(second.end("TERM").0, 0);
}

#[test]
fn without_a_state_file_it_says_that_nothing_is_kept() {
    let sandbox = Sandbox::start(OWNER, &[]);
    answer(OWNER, &sandbox.endpoint(), &CREATE);
    assert_eq!(ids(&sandbox.endpoint()).len(), 1);
    let (status, said) = sandbox.end("INT");
    assert_eq!(status, 0, "{said}");
    assert!(said.starts_with("clusters are kept in memory and are gone when the sandbox ends"), "{said}");
}

#[test]
fn the_key_in_the_environment_may_be_that_of_a_session_and_needs_its_token_then() {
    let sandbox = Sandbox::start(SESSION, &[]);
    let list = ["DescribeDBClusters", "RegionId=cn-hangzhou"];
    answer(SESSION, &sandbox.endpoint(), &list);
    for (token, code) in
        [("", "MissingSecurityToken (400)"), ("canary-of-another", "InvalidSecurityToken.MismatchWithAccessKey (400)")]
    {
        let (status, result, remarks) = call(Key { token, ..SESSION }, &sandbox.endpoint(), &list);
        assert_eq!((status, result.as_str()), (1, ""), "{remarks}");
        assert!(remarks.starts_with(code), "{remarks}");
    }
    assert_eq!(sandbox.end("TERM").0, 0);
}

#[test]
fn the_keys_of_a_world_may_call_for_the_clusters_of_their_accounts() {
    let arguments = ["sandbox", "--listen", "127.0.0.1:0", "--world", "examples/demo"];
    let none = Key { id: "", secret: "", token: "" };
    let mut command = ramgate(none, &arguments);
    command.env("RAMGATE_LOG", "trace");
    let sandbox = Sandbox::start_as(command);
    let operator = Key { id: "LTAI5tDemoOperator0001", secret: "demo-operator-secret-0001", token: "" };
    answer(operator, &sandbox.endpoint(), &CREATE);
    let (status, _, remarks) = call(OWNER, &sandbox.endpoint(), &CREATE);
    assert_eq!(status, 1, "{remarks}");
    assert!(remarks.starts_with("InvalidAccessKeyId.NotFound (404)"), "{remarks}");
    let (_, said) = sandbox.end("TERM");
    assert!(!said.contains("demo-operator-secret"), "{said}");
}

#[test]
fn stages_regions_and_names_are_as_the_flags_say() {
    let flags = ["--stage", "creating=0", "--region", "xx-nowhere-1", "--host", "polardb.example"];
    let sandbox = Sandbox::start(OWNER, &flags);
    let (_, _, remarks) = call(OWNER, &sandbox.endpoint(), &CREATE);
    assert!(remarks.starts_with("InvalidProduct.NotFound (404)") && remarks.contains("host"), "{remarks}");
    drop(sandbox);

    let sandbox = Sandbox::start(OWNER, &flags[..4]);
    let (_, _, remarks) = call(OWNER, &sandbox.endpoint(), &CREATE);
    assert!(remarks.starts_with("InvalidRegionId"), "{remarks}");
    let here = [&CREATE[..1], &["RegionId=xx-nowhere-1"], &CREATE[2..]].concat();
    let created = answer(OWNER, &sandbox.endpoint(), &here);
    let id = format!("DBClusterId={}", created["DBClusterId"].as_str().unwrap());
    let cluster = answer(OWNER, &sandbox.endpoint(), &["DescribeDBClusterAttribute", &id]);
    assert_eq!(cluster["DBClusterStatus"], "Running");
}

#[test]
fn what_cannot_be_served_is_said_and_mended_before_it_listens() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "not a database ".repeat(100)).unwrap();
    let notes = notes.to_str().unwrap();
    let world = folder.path().join("world");
    std::fs::create_dir_all(world.join("policies")).unwrap();
    std::fs::write(world.join("world.toml"), format!("[accounts.{ACCOUNT}]\n")).unwrap();
    std::fs::copy("policies/migration-auditor.json", world.join("policies/auditor.json")).unwrap();
    let world = world.to_str().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();

    let own = ["--account", ACCOUNT, "--listen", "127.0.0.1:0"];
    let mut said = String::new();
    for (key, status, arguments) in [
        (OWNER, 2, &["--account", "12"][..]),
        (OWNER, 2, &["--account", ACCOUNT, "--listen", "0.0.0.0:0"]),
        (OWNER, 2, &["--account", ACCOUNT, "--listen", "0.0.0.0:0", "--plain"]),
        (OWNER, 2, &[&own[..], &["--state", notes]].concat()),
        (OWNER, 2, &[&own[..], &["--stage", "cloning=31536001"]].concat()),
        (OWNER, 2, &[&own[..], &["--stage", "sleeping=1"]].concat()),
        (OWNER, 2, &[&own[..], &["--stage", "cloning=soon"]].concat()),
        (OWNER, 2, &["--world", world]),
        (OWNER, 3, &["--account", ACCOUNT, "--listen", &taken]),
        (Key { id: "", ..OWNER }, 2, &own),
        (Key { secret: "", ..OWNER }, 2, &own),
        (Key { token: "canary-token", ..OWNER }, 2, &own),
        (Key { id: "STS.Session", ..OWNER }, 2, &own),
        (OWNER, 2, &[]),
    ] {
        let (exit, result, remarks) = run(key, &[&["sandbox"], arguments].concat());
        assert_eq!((exit, result.as_str()), (status, ""), "{arguments:?}: {remarks}");
        said.push_str(remarks.split("\n\n").next().unwrap().trim_end());
        said.push('\n');
    }
    let folder = folder.path().to_str().unwrap();
    insta::assert_snapshot!(settled(&said).replace(folder, "<folder>"));
}

#[test]
fn a_log_filter_that_cannot_be_read_is_told_and_keeps_nobody_from_serving() {
    let mut command = ramgate(OWNER, &["sandbox", "--account", ACCOUNT, "--listen", "127.0.0.1:0"]);
    command.env("RAMGATE_LOG", "ramgate=loud");
    let sandbox = Sandbox::start_as(command);
    answer(OWNER, &sandbox.endpoint(), &["DescribeDBClusters", "RegionId=cn-hangzhou"]);
    let (_, said) = sandbox.end("TERM");
    assert!(said.starts_with("ramgate: `RAMGATE_LOG` is `ramgate=loud`, and is passed over"), "{said}");
}

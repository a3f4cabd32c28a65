using Httpmq.Api.Access;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Domain.Access;

namespace Httpmq.Tests.Api.Hosting.Configuration;

/// <summary>The section auth: nobody ends up with a server that is more open than they meant.</summary>
internal sealed class AccessConfigurationTests : ConfigurationTest
{
    private const string Hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    private const string Other = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa";

    private const string NoHash = "auth.api_keys[0].sha256: '***' is not the SHA-256 of a key as 64 hexadecimal digits, as "
        + "`httpmq key new` prints it, in FILE line 1";

    private const string Yaml =
        $$"""
        auth:
          anonymous: []
          api_keys:
            - name: shop
              sha256: [{{Hash}}]
              roles: [writer]
          roles:
            writer:
              publish:
                allow:
                  - orders.>
                  - invoices.${name}.*
                deny: [orders.audit.>]
            worker: { consume: { allow: ["ORDERS/w-*"] }, admin: { allow: [ORDERS] } }
        """;

    [Test]
    public void Read_Nothing_LeavesEverythingOpen() => Assert.That(Settings("all").Access, Is.Null);

    [Test]
    public void Read_File_HasKeysRolesAndTheLinesOfTheirRules()
    {
        var access = ReadAccess(Yaml);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(access.Anonymous, Is.Empty);
            Assert.That(access.OpenDocuments, Is.True);
            Assert.That(access.ApiKeys.Single().Name, Is.EqualTo("shop"));
            Assert.That(access.ApiKeys.Single().Hashes, Is.EqualTo(new[] { KeyHash.Of("secret") }));
            Assert.That(access.Roles.Keys, Is.EquivalentTo(new[] { "writer", "worker" }));
            Assert.That(access.Roles["writer"].Select(InFile), Is.EqualTo(new[]
            {
                new AccessRule(Right.Publish, true, "orders.>", "auth.roles.writer.publish.allow, in FILE line 11"),
                new AccessRule(Right.Publish, true, "invoices.${name}.*", "auth.roles.writer.publish.allow, in FILE line 12"),
                new AccessRule(Right.Publish, false, "orders.audit.>", "auth.roles.writer.publish.deny, in FILE line 13"),
            }));
        }
    }

    [TestCase("auth: {}")]
    [TestCase("Auth: {anonymous: []}")]
    [TestCase("auth: {roles: {a: {read: {allow: ['$KV.x.${name}', '$JS.EVENT.>', '$O.x.>']}}}}")]
    [TestCase("auth: {roles: {a: {}}}")]
    public void Read_SectionThatSaysLittle_ClosesEverything(string yaml)
    {
        var access = ReadAccess(yaml);

        Assert.That((access.Anonymous.Count, access.ApiKeys.Count), Is.EqualTo((0, 0)));
    }

    [TestCase("auth:", "auth: nothing stands where the keys of this section belong, in FILE line 1")]
    [TestCase("auth: on", "auth: a text stands where the keys of this section belong, in FILE line 1")]
    [TestCase("auth: []", "auth: a list stands where the keys of this section belong, in FILE line 1")]
    [TestCase("auth: {anonymus: []}", "auth.anonymus: unknown key of auth; did you mean auth.anonymous?, in FILE line 1")]
    [TestCase("auth: {roles: {a: {reed: {}}}}", "auth.roles.a.reed: unknown key of auth; did you mean auth.roles.a.read?, in FILE line 1")]
    [TestCase("auth: {roles: {a b: {}}}", "auth.roles: 'a b' is not a name of 1 to 255 of the characters A-Z a-z 0-9 - _, in FILE line 1")]
    [TestCase("auth: {roles: {a.b: {}}}", "auth.roles: 'a.b' is not a name of 1 to 255 of the characters A-Z a-z 0-9 - _, in FILE line 1")]
    [TestCase("auth: {roles: {a: {}, A: {}}}", "auth.roles.A: is there twice, in FILE line 1")]
    [TestCase("auth: {anonymous: [a]}", "auth.anonymous: 'a' is not in auth.roles; there are none, in FILE line 1")]
    [TestCase("auth: {anonymous: [hmq_secret-secret]}", "auth.anonymous: '***' is not in auth.roles; there are none, in FILE line 1")]
    [TestCase(
        "auth: {roles: {a: {publish: {allow: [a..b]}}}}",
        "auth.roles.a.publish.allow: 'a..b' is not a subject, wildcards allowed, in FILE line 1")]
    [TestCase(
        "auth: {roles: {a: {publish: {deny: ['a.${NAME}.>']}}}}",
        "auth.roles.a.publish.deny: 'a.${NAME}.>' is not a subject, wildcards allowed, in FILE line 1")]
    [TestCase(
        "auth: {roles: {a: {read: {deny: ['a.$name.>']}}}}",
        "auth.roles.a.read.deny: 'a.$name.>' is not a subject, wildcards allowed, in FILE line 1")]
    [TestCase("auth: {roles: {a: {publish: {deny: [\"a,b\"]}}}}",
        "auth.roles.a.publish.deny: a text has a comma, which separates the items of a list, in FILE line 1")]
    [TestCase(
        "auth: {roles: {a: {consume: {allow: [ORDERS]}}}}",
        "auth.roles.a.consume.allow: 'ORDERS' is not STREAM/CONSUMER, such as ORDERS/w-*, in FILE line 1")]
    [TestCase("auth: {api_keys: [{name: a, sha256: [secret]}]}", NoHash)]
    [TestCase(
        "auth: {api_keys: [{name: a, sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855}]}", NoHash,
        TestName = "Read_HashOfAnEmptyKey_IsRefused")]
    [TestCase("auth: {api_keys: [{name: a}]}", "auth.api_keys[0].sha256: is missing, in FILE line 1")]
    [TestCase($"auth: {{api_keys: [{{sha256: {Hash}}}]}}", "auth.api_keys[0].name: is missing, in FILE line 1")]
    [TestCase($"auth: {{api_keys: [{{name: anonymous, sha256: {Hash}}}]}}",
        "auth.api_keys[0].name: 'anonymous' is not a name of 1 to 255 of the characters A-Z a-z 0-9 - _, other than anonymous, "
        + "in FILE line 1")]
    [TestCase($"auth: {{api_keys: [{{name: a, sha256: [{Hash}, {Hash}]}}]}}",
        "auth.api_keys[0].sha256: the same key is there twice, in FILE line 1")]
    [TestCase($"auth: {{api_keys: [{{name: a, sha256: {Hash}}}, {{name: A, sha256: {Other}}}]}}",
        "auth.api_keys[1].name: 'A' is there twice, in FILE line 1")]
    [TestCase($"auth: {{api_keys: [{{name: a, sha256: {Hash}, roles: [b]}}], roles: {{c: {{}}}}}}",
        "auth.api_keys[0].roles: 'b' is not in auth.roles; there are c, in FILE line 1")]
    [TestCase("auth: {jwt: [{issuer: local, audience: a}]}",
        "auth.jwt[0].issuer: is not the https:// URL of an OIDC authority, and there is no keys_file, in FILE line 1")]
    [TestCase("auth: {jwt: [{issuer: 'http://id.example', audience: a}]}",
        "auth.jwt[0].issuer: is not the https:// URL of an OIDC authority, and there is no keys_file, in FILE line 1")]
    [TestCase("auth: {jwt: [{issuer: 'https://id.example'}]}", "auth.jwt[0].audience: is missing, in FILE line 1")]
    [TestCase("auth: {jwt: [{issuer: local, audience: a, keys_file: /nowhere/keys.json}]}",
        "auth.jwt[0].keys_file: '/nowhere/keys.json' is not a file with a JSON Web Key Set that has a public key (RSA, EC), "
        + "in FILE line 1")]
    [TestCase("auth: {api_keys: secret}", "auth.api_keys: a text stands where a list of sections belongs, in FILE line 1")]
    [TestCase("authentication: {anonymous: []}",
        "authentication: unknown; did you mean auth? Without auth everybody may do everything, in FILE line 1")]
    [TestCase("management: {auth: {anonymous: []}}",
        "management.auth: unknown; did you mean auth? Without auth everybody may do everything, in FILE line 1")]
    [TestCase("gateway: {auth: {anonymous: []}}",
        "gateway.auth: unknown; did you mean auth? Without auth everybody may do everything, in FILE line 1")]
    [TestCase("nats: {}\n---\nauth: {anonymous: []}",
        "auth: stands in another YAML document than the first; without auth in that everybody may do everything, in FILE line 3")]
    [TestCase("auht: {}", "auht: unknown; did you mean auth? Without auth everybody may do everything, in FILE line 1")]
    [TestCase("api_keys: []", "api_keys: unknown; did you mean auth.api_keys? Without auth everybody may do everything, in FILE line 1")]
    public void Read_Wrong_IsNamedAndRefused(string yaml, string expected)
    {
        var file = Write("config.yaml", yaml);

        Assert.That(
            Refuse("all", "-c", file).Select(line => line.Replace(file, "FILE", StringComparison.Ordinal)),
            Has.One.EqualTo($"httpmq: {expected}"));
    }

    [Test]
    public void Read_Environment_HasItsOwnRolesAndKeys()
    {
        Environment["Httpmq__Auth__ApiKeys__0__Name"] = "shop";
        Environment["Httpmq__Auth__ApiKeys__0__Sha256"] = Hash;
        Environment["Httpmq__Auth__ApiKeys__0__Roles__0"] = "1";
        Environment["Httpmq__Auth__Roles__1__Publish__Allow__0"] = "orders.>";

        var access = Settings("all").Access!;

        Assert.That(access.Roles["1"].Single().Pattern, Is.EqualTo("orders.>"));
        Assert.That(access.ApiKeys.Single().Roles, Is.EqualTo(new[] { "1" }));
    }

    [TestCase("Httpmq__Auth__Anonymus")]
    [TestCase("Httpmq__Auth")]
    [TestCase("Httpmq__Auth__Roles__a.b__Publish__Allow")]
    public void Read_UnknownVariableOfAuth_IsRefused(string variable)
    {
        Environment[variable] = "a";

        Assert.That(Refuse("all")[0], Does.StartWith($"httpmq: {variable}: names no key of auth"));
    }

    [TestCase("Httpmq__Auths__Anonymous")]
    [TestCase("Httpmq__Security__Anonymous")]
    [TestCase("Httpmq__Management__Auth__Anonymous")]
    public void Read_VariableOfASectionLikeAuth_IsRefused(string variable)
    {
        Environment[variable] = "a";

        Assert.That(
            Refuse("all"),
            Has.One.StartsWith($"httpmq: {variable}: unknown; did you mean auth? Without auth everybody may do everything"));
    }

    [TestCase("shop publish orders.1", 0, "yes, by 'orders.>' of auth.roles.writer.publish.allow, in FILE line 11")]
    [TestCase("shop publish invoices.shop.1", 0, "yes, by 'invoices.${name}.*' of auth.roles.writer.publish.allow, in FILE line 12")]
    [TestCase("shop publish orders.audit.1", 1, "no, by 'orders.audit.>' of auth.roles.writer.publish.deny, in FILE line 13")]
    [TestCase("shop publish invoices.other.1", 1, "no, nothing allows it")]
    [TestCase("shop read orders.1", 1, "no, nothing allows it")]
    [TestCase("anonymous admin ORDERS", 1, "no, nothing allows it")]
    [TestCase("nobody publish orders.1", 2, "httpmq: can: 'nobody' is not the name of a key or certificate; there are shop, anonymous; "
        + "for a token write <name>=<role>,<role>, of worker, writer")]
    [TestCase(
        "alice=writer publish invoices.alice.1", 0, "yes, by 'invoices.${name}.*' of auth.roles.writer.publish.allow, in FILE line 12")]
    [TestCase("alice=worker publish orders.1", 1, "no, nothing allows it")]
    [TestCase("alice=wroker publish orders.1", 2, "httpmq: can: 'alice=wroker' is not the name of a key or certificate; there are shop, "
        + "anonymous; for a token write <name>=<role>,<role>, of worker, writer")]
    [TestCase("shop publish orders..1", 2, "httpmq: can: 'orders..1' has an empty token (tokens are split by '.')")]
    [TestCase("shop consume ORDERS", 2, "httpmq: can: 'ORDERS' is not STREAM/CONSUMER")]
    public void Can_APrincipal_IsAnsweredWithTheLine(string question, int code, string expected)
    {
        var file = Write("config.yaml", Yaml);

        var exit = (CommandLineResult.Exit)CommandLine.Parse(["-c", file, "can", .. question.Split(' ')], Environment);

        Assert.That(
            (exit.ExitCode, exit.Text.Replace(file, "FILE", StringComparison.Ordinal), exit.ToStandardError),
            Is.EqualTo((code, expected, code == 2)));
    }

    [Test]
    public void Can_NothingConfigured_IsYesAsEverybody()
    {
        var exit = (CommandLineResult.Exit)CommandLine.Parse(["can", "shop", "publish", "orders.1"], Environment);

        Assert.That((exit.ExitCode, exit.Text), Is.EqualTo((0, "yes, as everybody: the configuration has no auth")));
    }

    [Test]
    public void Key_New_IsAnotherEachTimeAndIsKnownByItsHash()
    {
        var (one, other) = (NewKey(), NewKey());

        using (Assert.EnterMultipleScope())
        {
            Assert.That(one.Key, Does.Match("^hmq_[A-Za-z0-9_-]{43}$").And.Not.EqualTo(other.Key));
            Assert.That($"{KeyHash.Of(one.Key)}", Is.EqualTo(one.Hash));
            Assert.That(KeyHash.TryParse(one.Hash, out var hash) && hash.Equals(KeyHash.Of(one.Key)), Is.True);
        }
    }

    private (string Key, string Hash) NewKey()
    {
        var lines = ((CommandLineResult.Exit)CommandLine.Parse(["key", "new"], Environment)).Text.Split('\n');
        return (lines[0].Split("     ")[1], lines[1].Split("  ")[1]);
    }

    private AccessSettings ReadAccess(string yaml) => Settings("all", "-c", Write("config.yaml", yaml)).Access!;

    private AccessRule InFile(AccessRule rule) =>
        rule with { Origin = rule.Origin.Replace(Missing("config.yaml"), "FILE", StringComparison.Ordinal) };
}

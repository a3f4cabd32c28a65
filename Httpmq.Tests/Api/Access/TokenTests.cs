using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Access;
using Httpmq.Api.Http;
using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Httpmq.Tests.Api.Access;

/// <summary>Tokens: which are taken, and what they permit.</summary>
internal sealed class TokenTests
{
    private readonly RsaSecurityKey _key = new(RSA.Create(2048)) { KeyId = "one" };
    private readonly RsaSecurityKey _other = new(RSA.Create(2048)) { KeyId = "one" };
    private string _file = null!;
    private ConfiguredCallers _callers = null!;

    [OneTimeSetUp]
    public void WriteKeys()
    {
        _file = Path.Combine(Path.GetTempPath(), $"httpmq-keys-{Guid.NewGuid():n}.json");
        File.WriteAllText(_file, KeySet());
        _callers = AccessFile.Callers($$"""
            auth:
              api_keys: [{ name: shop, sha256: "{sha256:key}", roles: [writer] }]
              jwt: [{ issuer: local, audience: httpmq, keys_file: "{{_file}}" }]
              roles:
                writer: { publish: { allow: [orders.>] } }
                own: { publish: { allow: ["own.${name}.>"] } }
            """);
    }

    [OneTimeTearDown]
    public void RemoveKeys()
    {
        File.Delete(_file);
        _key.Rsa.Dispose();
        _other.Rsa.Dispose();
    }

    [TestCase("""{"roles":["writer"]}""")]
    [TestCase("""{"roles":["writer"],"exp":99999999999999}""")]
    [TestCase("""{"roles":"unknown writer"}""")]
    [TestCase("""{"authorization_details":[{"type":"other","x":1},{"type":"httpmq","publish":{"allow":["orders.new"]}}]}""")]
    public async Task Find_ValidToken_MayDoWhatItSays(string claims)
    {
        var caller = (await FindAsync(Sign(claims))).Caller;

        Assert.That((caller?.Name, caller?.CheckPublish(SubjectOf("orders.new"))), Is.EqualTo(("alice", (object?)null)));
    }

    [TestCase("{}")]
    [TestCase("""{"roles":["own","other"]}""")]
    [TestCase("""{"roles":{"writer":true}}""")]
    [TestCase("""{"roles":["writer"],"authorization_details":[{"type":"httpmq"}]}""")]
    [TestCase("""{"roles":["writer"],"authorization_details":[{"type":"httpmq","publish":{"allow":[">"],"deny":["orders.*"]}}]}""")]
    public async Task Find_TokenWithOtherRights_MayNot(string claims) =>
        Assert.That(
            (await FindAsync(Sign(claims))).Caller?.CheckPublish(SubjectOf("orders.new"))?.Type, Is.EqualTo(AccessErrorTypes.NotPermitted));

    [TestCase("""{"exp":1}""", "it has expired")]
    [TestCase("""{"exp":null}""", "it does not expire")]
    [TestCase("""{"nbf":99999999999}""", "it is not valid yet")]
    [TestCase("""{"aud":"other"}""", "it is for another audience")]
    [TestCase("""{"aud":null}""", "it is for another audience")]
    [TestCase("""{"iss":"other"}""", "its issuer is not known here")]
    [TestCase("""{"iss":null}""", "its issuer is not known here")]
    [TestCase("""{"sub":null}""", "it has no sub")]
    [TestCase("""{"sub":""}""", "it has no sub")]
    [TestCase("""{"sub":7}""", "it has no sub")]
    [TestCase("""{"sub":"anonymous"}""", "its sub is 'anonymous', which stands for who shows nothing")]
    [TestCase("""{"sub":"-"}""", "its sub is '-', which stands for who shows nothing")]
    [TestCase("""{"authorization_details":{"type":"httpmq"}}""", "its authorization_details are no array")]
    [TestCase("""{"authorization_details":[{"type":"httpmq","publish":{"deni":[]}}]}""",
        "its authorization_details have an unknown or wrong member")]
    [TestCase("""{"authorization_details":[{"type":"httpmq","reed":{}}]}""", "its authorization_details have an unknown or wrong member")]
    [TestCase("""{"authorization_details":[{"type":"httpmq","publish":{"allow":["a..b"]}}]}""",
        "its authorization_details have a pattern that is not valid")]
    public async Task Find_TokenThatIsNotForHere_IsRefused(string claims, string reason) =>
        Assert.That((await FindAsync(Sign(claims))).Refusal?["reason"], Is.EqualTo($"the token is not taken: {reason}"));

    [Test]
    public async Task Find_SignedByAnother_IsRefused() =>
        Assert.That((await FindAsync(Sign("{}", _other))).Refusal?.Type, Is.EqualTo(AccessErrorTypes.Unauthenticated));

    [Test]
    public async Task Find_Unsigned_IsRefused()
    {
        var payload = Base64UrlEncoder.Encode(Payload("""{"roles":["writer"]}"""));
        foreach (var header in new[] { """{"alg":"none"}""", """{"alg":"None","typ":"JWT"}""", """{"alg":"RS256","kid":"one"}""" })
        {
            var refusal = (await FindAsync($"{Base64UrlEncoder.Encode(header)}.{payload}.")).Refusal;

            Assert.That(refusal?.Type, Is.EqualTo(AccessErrorTypes.Unauthenticated), header);
        }
    }

    [Test]
    public async Task Find_SignedWithThePublicKeyAsASecret_IsRefused()
    {
        var secret = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(KeySet())) { KeyId = "one" };

        var refusal = (await FindAsync(Sign("""{"roles":["writer"]}""", secret, SecurityAlgorithms.HmacSha256))).Refusal;

        Assert.That(refusal?.Type, Is.EqualTo(AccessErrorTypes.Unauthenticated));
    }

    [TestCase("eyJ")]
    [TestCase("eyJ..")]
    [TestCase("eyJhbGciOiJSUzI1NiJ9.e30.x")]
    [TestCase("eyJ.eyJ.eyJ.eyJ.eyJ")]
    [TestCase("eyJ{}.{}.{}")]
    public async Task Find_NoToken_IsRefused(string text) =>
        Assert.That((await FindAsync(text)).Refusal?.Type, Is.EqualTo(AccessErrorTypes.Unauthenticated));

    [Test]
    public async Task Find_ChangedAfterwards_IsRefused()
    {
        var parts = Sign("""{"roles":[]}""").Split('.');
        var changed = $"{parts[0]}.{Base64UrlEncoder.Encode(Payload("""{"roles":["writer"]}"""))}.{parts[2]}";

        Assert.That((await FindAsync(changed)).Refusal?.Type, Is.EqualTo(AccessErrorTypes.Unauthenticated));
    }

    [TestCase("alice", true)]
    [TestCase(">", false)]
    [TestCase("*", false)]
    [TestCase("alice.>", false)]
    public async Task Find_NameInARule_BringsNoWildcards(string name, bool permitted)
    {
        var caller = (await FindAsync(Sign($$"""{"sub":"{{name}}","roles":["own"]}"""))).Caller!;

        Assert.That(caller.CheckPublish(SubjectOf("own.alice.x")) is null, Is.EqualTo(permitted));
    }

    [Test]
    public async Task Find_SameTokenAgain_IsTheSameCaller()
    {
        var token = Sign("""{"roles":["writer"]}""");

        var first = await FindAsync(token);
        var second = await FindAsync(token);

        Assert.That(second.Caller, Is.SameAs(first.Caller));
    }

    [Test]
    public async Task Replace_RolesAreOthers_EndsWhatTokensHaveOpen()
    {
        var before = (await FindAsync(Sign("""{"roles":["writer"]}"""))).Caller!;
        var callers = AccessFile.Callers(Settings("orders.>"));
        var caller = (await IdentifyAsync(callers, Sign("""{"roles":["writer"]}"""))).Caller!;
        callers.Replace(AccessFile.Read(Settings("orders.>")));
        Assert.That(caller.Ended.IsCancellationRequested, Is.False);
        callers.Replace(AccessFile.Read(Settings("invoices.>")));
        var after = (await IdentifyAsync(callers, Sign("""{"roles":["writer"]}"""))).Caller!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(caller.Ended.IsCancellationRequested, Is.True);
            Assert.That(before.Ended.IsCancellationRequested, Is.False);
            Assert.That(after.CheckPublish(SubjectOf("orders.new")), Is.Not.Null);
        }
    }

    [Test]
    public async Task Find_TokenOfAnAuthority_IsCheckedByTheKeysThatItServes()
    {
        var port = Ports.Free();
        var issuer = $"http://127.0.0.1:{port}";
        var callers = AccessFile.Callers($$"""
            auth:
              jwt: [{ issuer: "{{issuer}}", audience: httpmq, name_claim: client_id, roles_claim: scope }]
              roles: { writer: { publish: { allow: [orders.>] } } }
            """);
        var token = Sign($$"""{"iss":"{{issuer}}","client_id":"shop","scope":"openid writer"}""");
        Assert.That((await IdentifyAsync(callers, token)).Refusal?.Type, Is.EqualTo(AccessErrorTypes.IssuerUnavailable));

        await using var authority = Serve(port, issuer);
        await authority.StartAsync();
        var served = AccessFile.Callers($$"""
            auth:
              jwt: [{ issuer: "{{issuer}}", audience: httpmq, name_claim: client_id, roles_claim: scope }]
              roles: { writer: { publish: { allow: [orders.>] } } }
            """);
        var caller = (await IdentifyAsync(served, token)).Caller;
        var forged = await IdentifyAsync(served, Sign($$"""{"iss":"{{issuer}}","client_id":"shop"}""", _other));

        using (Assert.EnterMultipleScope())
        {
            Assert.That((caller?.Name, caller?.CheckPublish(SubjectOf("orders.new"))), Is.EqualTo(("shop", (object?)null)));
            Assert.That(forged.Refusal?.Type, Is.EqualTo(AccessErrorTypes.Unauthenticated));
        }
    }

    /// <summary>Roles are changed while the authority is away: tokens are checked by the keys that it has served.</summary>
    [Test]
    public async Task Replace_OtherRolesWhileTheAuthorityIsAway_KeepsItsKeys()
    {
        var port = Ports.Free();
        var issuer = $"http://127.0.0.1:{port}";
        var yaml = $$"""
            auth:
              jwt: [{ issuer: "{{issuer}}", audience: httpmq }]
              roles: { writer: { publish: { allow: [orders.>] } } }
            """;
        var callers = AccessFile.Callers(yaml);
        var token = Sign($$"""{"iss":"{{issuer}}","roles":"writer"}""");
        await using (var authority = Serve(port, issuer))
        {
            await authority.StartAsync();
            Assert.That((await IdentifyAsync(callers, token)).Caller, Is.Not.Null);
        }

        callers.Replace(AccessFile.Read(yaml.Replace("orders.>", "invoices.>", StringComparison.Ordinal)));
        var caller = (await IdentifyAsync(callers, token)).Caller;

        Assert.That((caller?.Name, caller?.CheckPublish(SubjectOf("invoices.new"))), Is.EqualTo(("alice", (object?)null)));
    }

    /// <summary>An authority that takes its time, asked anew for each token, would let the last of them wait for all.</summary>
    [Test]
    public async Task Find_ManyTokensOfASilentAuthority_AskItOnce()
    {
        var port = Ports.Free();
        var (asked, silence) = (0, new TaskCompletionSource());
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        await using var authority = builder.Build();
        authority.Run(async context =>
        {
            Interlocked.Increment(ref asked);
            await silence.Task;
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        });
        await authority.StartAsync();
        var issuer = $"http://127.0.0.1:{port}";
        var callers = AccessFile.Callers($$"""
            auth:
              jwt: [{ issuer: "{{issuer}}", audience: httpmq }]
              roles: { writer: { publish: { allow: [orders.>] } } }
            """);

        var found = Enumerable.Range(0, 20).Select(_ => IdentifyAsync(callers, Sign($$"""{"iss":"{{issuer}}"}""", _other))).ToArray();
        silence.SetResult();
        var refused = (await Task.WhenAll(found)).Select(static one => one.Refusal?.Type);

        Assert.That(refused, Has.All.EqualTo(AccessErrorTypes.IssuerUnavailable));
        Assert.That(asked, Is.EqualTo(1));
    }

    [TestCase("GET", true)]
    [TestCase("POST", false)]
    public async Task Find_Cookie_IsForWhatAPageOpens(string method, bool taken)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Headers.Cookie = "other=1; __Secure-httpmq=key";

        Assert.That((await _callers.IdentifyAsync(context)).Caller?.Name, Is.EqualTo(taken ? "shop" : null));
    }

    private WebApplication Serve(int port, string issuer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync(
            context.Request.Path.Value is "/keys" ? KeySet() : $$"""{"issuer":"{{issuer}}","jwks_uri":"{{issuer}}/keys"}"""));
        return app;
    }

    private string Settings(string subjects) => $$"""
        auth:
          jwt: [{ issuer: local, audience: httpmq, keys_file: "{{_file}}" }]
          roles: { writer: { publish: { allow: ["{{subjects}}"] } } }
        """;

    private string KeySet()
    {
        var parameters = _key.Rsa.ExportParameters(includePrivateParameters: false);
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(parameters));
        return $$"""{"keys":[{"kty":"RSA","kid":"one","n":"{{key.N}}","e":"{{key.E}}"}]}""";
    }

    private string Sign(string claims, SecurityKey? key = null, string algorithm = SecurityAlgorithms.RsaSha256) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            Payload(claims), new SigningCredentials(key ?? _key, algorithm));

    private static string Payload(string claims)
    {
        var payload = new JsonObject
        {
            ["iss"] = "local",
            ["aud"] = "httpmq",
            ["sub"] = "alice",
            ["exp"] = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
        };
        foreach (var (name, value) in JsonNode.Parse(claims)!.AsObject())
        {
            if (value is null)
            {
                payload.Remove(name);
            }
            else
            {
                payload[name] = value.DeepClone();
            }
        }

        return payload.ToJsonString();
    }

    private Task<Identification> FindAsync(string token) => IdentifyAsync(_callers, token);

    private static async Task<Identification> IdentifyAsync(ConfiguredCallers callers, string token)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = $"Bearer {token}";
        return await callers.IdentifyAsync(context);
    }

    private static Subject SubjectOf(string text) =>
        Subject.TryParse(text, out var subject, out var reason) ? subject : throw new InvalidOperationException(reason);
}

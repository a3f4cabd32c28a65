using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NATS.NKeys;

namespace Httpmq.Tests.Support;

/// <summary>An operator of NATS with one account, which has JetStream: makes what <c>nsc</c> would.</summary>
internal sealed class TestOperator : IDisposable
{
    private readonly KeyPair _operator = KeyPair.CreatePair(PrefixByte.Operator);
    private readonly KeyPair _system = KeyPair.CreatePair(PrefixByte.Account);
    private readonly KeyPair _account = KeyPair.CreatePair(PrefixByte.Account);

    /// <summary>The configuration of a nats-server that trusts this operator.</summary>
    public string Configuration =>
        $$"""
        operator: {{Token(_operator, _operator, "operator", new JsonObject { ["system_account"] = _system.GetPublicKey() })}}
        resolver: MEMORY
        resolver_preload: {
          {{_system.GetPublicKey()}}: {{Token(_operator, _system, "account", Limits(jetStream: false))}}
          {{_account.GetPublicKey()}}: {{Token(_operator, _account, "account", Limits(jetStream: true))}}
        }
        """;

    /// <summary>The text of a .creds file for a new user of the account.</summary>
    /// <param name="lifetime">How long it may be used; null: for ever.</param>
    public string Credentials(TimeSpan? lifetime = null)
    {
        using var user = KeyPair.CreatePair(PrefixByte.User);
        var token = Token(
            _account, user, "user", new JsonObject { ["subs"] = -1, ["data"] = -1, ["payload"] = -1 }, lifetime);
        return $"""
            -----BEGIN NATS USER JWT-----
            {token}
            ------END NATS USER JWT------

            ************************* IMPORTANT *************************
            NKEY Seed printed below can be used to sign and prove identity.

            -----BEGIN USER NKEY SEED-----
            {user.GetSeed()}
            ------END USER NKEY SEED------

            """;
    }

    public void Dispose()
    {
        _operator.Dispose();
        _system.Dispose();
        _account.Dispose();
    }

    private static JsonObject Limits(bool jetStream)
    {
        var limits = new JsonObject();
        foreach (var limit in "subs data payload imports exports conn leaf".Split(' '))
        {
            limits[limit] = -1;
        }

        limits["wildcards"] = true;
        if (jetStream)
        {
            foreach (var limit in "mem_storage disk_storage streams consumer".Split(' '))
            {
                limits[limit] = -1;
            }
        }

        return new JsonObject { ["limits"] = limits };
    }

    private static string Token(KeyPair issuer, KeyPair subject, string type, JsonObject body, TimeSpan? lifetime = null)
    {
        (body["type"], body["version"]) = (type, 2);
        var claims = new JsonObject
        {
            ["jti"] = Guid.NewGuid().ToString("N"),
            ["iat"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
            ["iss"] = issuer.GetPublicKey(),
            ["name"] = type,
            ["sub"] = subject.GetPublicKey(),
            ["nats"] = body,
        };
        if (lifetime is { } time)
        {
            claims["exp"] = (TimeProvider.System.GetUtcNow() + time).ToUnixTimeSeconds();
        }

        var text = $"{Encode("""{"typ":"JWT","alg":"ed25519-nkey"}"""u8)}.{Encode(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        var signature = new byte[64];
        issuer.Sign(Encoding.ASCII.GetBytes(text), signature);
        return $"{text}.{Encode(signature)}";
    }

    private static string Encode(ReadOnlySpan<byte> bytes) =>
        Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}

using System.Buffers.Text;
using System.Text.Json;
using NATS.Client.Core;
using NATS.NKeys;

namespace Httpmq.Infrastructure.Connection;

/// <summary>How the gateway shows NATS who it is. Files are read again at each connect, so that a renewed one counts.</summary>
public sealed record NatsLogin
{
    private const string Jwt = "BEGIN NATS USER JWT";

    private readonly Kind _kind;
    private readonly string _user;
    private readonly Secret _secret;

    private NatsLogin(Kind kind, Secret secret, string user = "") => (_kind, _secret, _user) = (kind, secret, user);

    private enum Kind
    {
        User,
        Token,
        NKey,
        Credentials,
    }

    /// <summary>What the person who sets it knows it as: said where the server refuses it.</summary>
    public string SettingName { get; init; } = "the login";

    public static NatsLogin OfUser(string user, Secret password) => new(Kind.User, password, user);

    public static NatsLogin OfToken(Secret token) => new(Kind.Token, token);

    /// <summary>The seed of a user's key, alone or on a line of its own.</summary>
    public static NatsLogin OfNKey(Secret seed) => new(Kind.NKey, seed);

    /// <summary>A user's JWT and seed, as <c>nsc</c> writes them into a <c>.creds</c> file.</summary>
    public static NatsLogin OfCredentials(Secret credentials) => new(Kind.Credentials, credentials);

    /// <summary>Never a secret, nor the user.</summary>
    public override string ToString() => $"{_kind} ({SettingName})";

    /// <summary>The login as it is now.</summary>
    /// <exception cref="ConnectRefusedException">A file cannot be read, or does not hold what it should.</exception>
    internal async ValueTask<NatsAuthCred> ReadAsync(CancellationToken cancellationToken)
    {
        string text;
        try
        {
            text = await _secret.ReadAsync(cancellationToken);
        }
        catch (ConnectRefusedException exception)
        {
            throw new ConnectRefusedException($"{SettingName}: {exception.Message}", exception);
        }

        return _kind switch
        {
            Kind.User => NatsAuthCred.FromUserInfo(_user, text),
            Kind.Token => NatsAuthCred.FromToken(text),
            Kind.NKey => NatsAuthCred.FromNkey(SeedIn(text) ?? throw Lacks("no seed of a user (a line that begins with SU)")),
            _ => NatsAuthCred.FromJwt(
                LineAfter(text, Jwt) ?? throw Lacks("no JWT of a user (behind BEGIN NATS USER JWT)"),
                SeedIn(LineAfter(text, "BEGIN USER NKEY SEED") ?? "") ?? throw Lacks("no seed of a user (behind BEGIN USER NKEY SEED)")),
        };
    }

    /// <summary>When the login ends; null: it does not, or does not say.</summary>
    internal async ValueTask<DateTimeOffset?> ReadEndAsync(CancellationToken cancellationToken)
    {
        if (_kind is not Kind.Credentials || LineAfter(await _secret.ReadAsync(cancellationToken), Jwt) is not { } token)
        {
            return null;
        }

        try
        {
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.') is [_, var payload, _] ? payload : ""));
            return claims.RootElement.TryGetProperty("exp", out var end) && end.TryGetInt64(out var seconds) && seconds > 0
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException or ArgumentException or InvalidOperationException)
        {
            // The server says what it makes of it.
            return null;
        }
    }

    private ConnectRefusedException Lacks(string what) => new($"{SettingName}: '{_secret}' holds {what}");

    private static string? SeedIn(string text) => Lines(text).FirstOrDefault(static line =>
    {
        if (!line.StartsWith("SU", StringComparison.Ordinal))
        {
            return false;
        }

        try
        {
            using var pair = KeyPair.FromSeed(line);
            return true;
        }
        catch (Exception exception) when (exception is NKeysException or FormatException or ArgumentException)
        {
            return false;
        }
    });

    private static string? LineAfter(string text, string title) => Lines(text)
        .SkipWhile(line => !line.Contains(title, StringComparison.Ordinal))
        .Skip(1)
        .FirstOrDefault(static line => line.Length > 0 && !line.StartsWith('-'));

    private static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.TrimEntries);
}

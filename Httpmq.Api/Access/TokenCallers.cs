using System.Collections.Concurrent;
using System.Text.Json;
using Httpmq.Api.Http;
using Httpmq.Domain.Access;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Httpmq.Api.Access;

/// <summary>Finds the caller by a token: a JWT of one of the issuers that are configured.</summary>
internal sealed class TokenCallers
{
    /// <summary>The longest token, in characters.</summary>
    public const int LongestToken = 16 * 1024;

    private const int MostKnown = 10_000;

    // So long a token is not checked again, also where its key has been withdrawn.
    private static readonly TimeSpan KnownFor = TimeSpan.FromMinutes(1);

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly ConcurrentDictionary<KeyHash, (Caller Caller, DateTimeOffset Until)> _known = new();
    private readonly ILookup<string, TokenIssuer> _issuers;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<AccessRule>> _roles;
    private readonly CancellationToken _ended;
    private readonly TimeProvider _time;

    /// <param name="settings">The issuers, and what the roles permit.</param>
    /// <param name="before">Those that were there before; null: none. Issuers that are the same keep the keys that they know.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ended">Ends what these callers have open.</param>
    public TokenCallers(AccessSettings settings, TokenCallers? before, TimeProvider time, CancellationToken ended)
    {
        _issuers = settings.Tokens.ToLookup(
            static one => one.Issuer,
            one => before?._issuers[one.Issuer].FirstOrDefault(known => known.Settings == one) ?? new TokenIssuer(one),
            StringComparer.Ordinal);
        _roles = settings.Roles;
        _ended = ended;
        _time = time;
    }

    /// <summary>Whether a text looks like a token, and not like a key.</summary>
    public static bool IsToken(ReadOnlySpan<char> text) => text.StartsWith("eyJ", StringComparison.Ordinal) && text.Count('.') >= 2;

    public ValueTask<Identification> FindAsync(string token)
    {
        if (token.Length > LongestToken)
        {
            return new(Refused("it is too long"));
        }

        var hash = KeyHash.OfLong(token);
        if (_known.TryGetValue(hash, out var known) && _time.GetUtcNow() < known.Until)
        {
            return new(new Identification(known.Caller));
        }

        return new(ValidateAsync(token, hash));
    }

    private async Task<Identification> ValidateAsync(string token, KeyHash hash)
    {
        // Who issued it is not checked yet: it chooses only by whose keys it is.
        var issuers = _handler.CanReadToken(token) && TryRead(token) is { } read ? _issuers[read.Issuer] : [];
        var refusal = Refused("its issuer is not known here");
        foreach (var issuer in issuers)
        {
            if (!await issuer.HasKeysAsync(_time))
            {
                refusal = new Identification(Caller: null, AccessErrors.IssuerAway);
                continue;
            }

            var result = await _handler.ValidateTokenAsync(token, issuer.Parameters);
            if (result.IsValid)
            {
                return Accept((JsonWebToken)result.SecurityToken, issuer.Settings, hash);
            }

            refusal = Describe(result.Exception);
        }

        return refusal;
    }

    private Identification Accept(JsonWebToken token, TokenSettings settings, KeyHash hash)
    {
        string name;
        IReadOnlyList<AccessRule> rules;
        try
        {
            using var payload = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload));
            if (TokenClaims.Read(payload.RootElement, settings, _roles, out name, out rules) is { } reason)
            {
                return Refused(reason);
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Halves of characters, and what is nested too deeply.
            return Refused("its claims cannot be read");
        }

        // An issuer may mean "never" by a year that no clock has.
        var expires = token.ValidTo < DateTime.MaxValue - TokenIssuer.ClockSkew
            ? new DateTimeOffset(token.ValidTo, TimeSpan.Zero) + TokenIssuer.ClockSkew
            : DateTimeOffset.MaxValue;
        var caller = new Caller(name, new PermissionSet(name, rules)) { ShownBy = "token", Expires = expires, Ended = _ended };
        if (_known.Count >= MostKnown)
        {
            _known.Clear();
        }

        var now = _time.GetUtcNow();
        _known[hash] = (caller, expires < now + KnownFor ? expires : now + KnownFor);
        return new Identification(caller);
    }

    private static JsonWebToken? TryRead(string token)
    {
        try
        {
            return new JsonWebToken(token);
        }
        catch (Exception exception) when (exception is ArgumentException or SecurityTokenException or JsonException or FormatException
            or InvalidOperationException)
        {
            return null;
        }
    }

    private static Identification Describe(Exception? exception) => exception switch
    {
        SecurityTokenExpiredException => Refused("it has expired"),
        SecurityTokenNotYetValidException or SecurityTokenInvalidLifetimeException => Refused("it is not valid yet"),
        SecurityTokenNoExpirationException => Refused("it does not expire"),
        SecurityTokenInvalidAudienceException => Refused("it is for another audience"),
        SecurityTokenInvalidIssuerException => Refused("its issuer is not known here"),
        SecurityTokenInvalidAlgorithmException => Refused("it is signed by an algorithm that is not taken"),
        _ => Refused("its signature is not that of its issuer"),
    };

    private static Identification Refused(string reason) => new(Caller: null, AccessErrors.Unknown($"the token is not taken: {reason}"));
}

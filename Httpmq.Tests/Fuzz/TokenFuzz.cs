using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Httpmq.Api.Access;
using Httpmq.Api.Http;
using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace Httpmq.Tests.Fuzz;

/// <summary>
/// Tokens and keys that nobody should take, made of those that are taken: each is refused in words. By seed; the failing one is in the
/// message.
/// </summary>
internal sealed class TokenFuzz
{
    private const string Key = "hmq_the-key-of-the-fuzz";

    private const int SignatureBytes = 64;

    private const string Characters = "aZ0 .-_=/+;,\"%\0\n\x7fé\ud83d\udc00\uffff";

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1", "1.5", "1e3", "1e400", "-1e400", "2147483648", "253402300799", "253402300800",
        "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "\"\"", "\"9999999999\"", "\"x\"", "\"local\"", "\"httpmq\"", "\"writer\"",
        "\"\\ud800\"", "\"\\udc00x\"", "\"\\u0000\"", "\"😀\"", "\"a\\u001b[31m\"", "\">\"", "\"a.b\"", "[]", "{}", "[null]",
        "[[\"httpmq\"]]",
        "[\"httpmq\"]", "[\"other\",\"httpmq\"]", "[\"\\ud800\",\"httpmq\"]", "[1,\"writer\"]", "[\"\\ud800\",\"writer\"]",
        "{\"writer\":1}",
        "[{\"type\":\"httpmq\"}]", "[{\"type\":\"httpmq\",\"publish\":{\"allow\":[\"orders.>\"]}}]",
        "[{\"type\":\"httpmq\",\"publish\":{\"allow\":[\"\\ud800\"]}}]", "[{\"type\":\"\\ud800\"}]",
        "[{\"type\":\"httpmq\",\"\\ud800\":{}}]",
        "[{\"type\":\"httpmq\",\"publish\":{\"\\ud800\":[]}}]", "[{\"type\":\"httpmq\",\"publish\":[]}]", "[{\"type\":1}]", "[1,[],null]",
        "[{\"type\":\"httpmq\",\"consume\":{\"allow\":[\"a/b/c\"]}}]", "[{\"type\":\"httpmq\",\"type\":\"other\"}]",
        "{\"type\":\"httpmq\"}",
    ];

    private static readonly string[] Names =
    [
        "iss", "aud", "exp", "nbf", "iat", "sub", "roles", "authorization_details", "jti", "cnf", "act", "\\u0065xp", "\\ud800", "",
    ];

    private static readonly string[] Algorithms =
    [
        "\"none\"", "\"None\"", "\"NONE\"", "\"HS256\"", "\"hs256\"", "\"RS256\"", "\"ES384\"", "\"ES256K\"", "\"PS256\"",
        "\"EdDSA\"", "\"dir\"",
        "\"\"", "null", "1", "[\"ES256\"]", "{}", "\"\\ud800\"", "\"ES256\"",
    ];

    private static readonly string[] Headers =
    [
        "\"kid\":\"../../../../dev/null\"", "\"kid\":\"' OR 1=1 --\"", "\"kid\":null", "\"kid\":1", "\"kid\":[\"one\"]",
        "\"kid\":\"\\ud800\"",
        "\"kid\":\"\\u0000\"", "\"kid\":\"\"", "\"kid\":\"http://127.0.0.1:1/\"", "\"jku\":\"http://127.0.0.1:1/keys\"",
        "\"x5u\":\"http://127.0.0.1:1/c\"", "\"x5c\":[\"AAAA\"]", "\"crit\":[\"b64\"]", "\"b64\":false", "\"zip\":\"DEF\"",
        "\"enc\":\"A128GCM\"",
        "\"cty\":\"JWT\"", "\"typ\":1", "\"typ\":\"\\ud800\"", "\"alg\":\"none\"", "\"alg\":\"ES256\"",
    ];

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private string _file = null!;
    private ConfiguredCallers _callers = null!;
    private Random _random = null!;
    private long _now;

    [OneTimeSetUp]
    public void Configure()
    {
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        _file = Path.Combine(Path.GetTempPath(), $"httpmq-keys-{Guid.NewGuid():n}.json");
        var (x, y) = (Base64UrlEncoder.Encode(point.X), Base64UrlEncoder.Encode(point.Y));
        File.WriteAllText(_file, $$"""{"keys":[{"kty":"EC","kid":"one","crv":"P-256","x":"{{x}}","y":"{{y}}"}]}""");
        _callers = AccessFile.Callers($$"""
            auth:
              api_keys: [{ name: shop, sha256: "{sha256:{{Key}}}", roles: [writer] }]
              jwt: [{ issuer: local, audience: httpmq, keys_file: "{{_file}}" }]
              roles: { writer: { publish: { allow: [orders.>] } } }
            """);
    }

    [OneTimeTearDown]
    public void Remove()
    {
        File.Delete(_file);
        _key.Dispose();
        _other.Dispose();
    }

    [SetUp]
    public void Seed()
    {
        _random = new Random(FuzzRun.Seed);
        _now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
    }

    [Test]
    public async Task Token_AsItShouldBe_IsTaken()
    {
        var caller = (await ShowAsync(Sign(_key, Header("\"ES256\""), Text(Claims())))).Caller;

        Assert.That((caller?.Name, caller?.CheckPublish(Orders)), Is.EqualTo(("alice", (object?)null)));
    }

    [Test]
    public async Task Token_SignedWithClaimsOfAnyShape_IsTakenOnlyWithWhatItMustHave()
    {
        var taken = 0;
        for (var number = 0; number < FuzzRun.Cases(600); number++)
        {
            var claims = Claims();
            for (var count = _random.Next(4); count > 0; count--)
            {
                Damage(claims);
            }

            var text = _random.Next(20) == 0 ? DamageText(Text(claims)) : Text(claims);
            var found = await TryAsync(Sign(_key, Header("\"ES256\""), text), text);
            if (found.Caller is { } caller)
            {
                taken++;
                Judge(claims, caller, text);
            }
        }

        Assert.That(taken, Is.Positive, "some are taken");
    }

    [Test]
    public async Task Token_Forged_IsNeverTaken()
    {
        for (var number = 0; number < FuzzRun.Cases(1000); number++)
        {
            var token = Forge();
            var found = await TryAsync(token, token);

            Assert.That(found.Caller, Is.Null, token);
        }
    }

    [Test]
    public async Task Key_OfAnyCharacters_IsRefused()
    {
        for (var number = 0; number < FuzzRun.Cases(1000); number++)
        {
            var text = AnyText();
            if (text.Trim() is Key)
            {
                continue;
            }

            var context = new DefaultHttpContext();
            context.Request.Method = Pick("GET", "POST");
            switch (_random.Next(6))
            {
                case 0:
                    context.Request.Headers["X-API-Key"] = text;
                    break;
                case 1:
                    context.Request.Headers.Authorization = Pick("Bearer ", "bearer ", "Bearer  ") + text;
                    break;
                case 2:
                    context.Request.Headers.Authorization = Pick("Basic ", "Bearer", "", "Digest ", "Bearer\t", "Bearer, ") + text;
                    break;
                case 3:
                    context.Request.Headers.Cookie = Pick("__Secure-httpmq=", "a=b; __Secure-httpmq=", "__Secure-httpmq") + text;
                    break;
                case 4:
                    context.Request.QueryString = new QueryString(Pick("?access_token=1", "?api%5Fkey=1", "?%", "?a=", "?&&="));
                    context.Request.Headers["X-API-Key"] = text;
                    break;
                default:
                    context.Request.Headers["X-API-Key"] = new[] { text, Key };
                    break;
            }

            Identification found;
            try
            {
                found = await _callers.IdentifyAsync(context);
            }
            catch (Exception exception)
            {
                throw new AssertionException($"{JsonSerializer.Serialize(text)} of {context.Request.Headers}", exception);
            }

            Assert.That(found.Caller?.IsIdentified, Is.Not.True, text);
            Assert.That(found.Refusal, Is.Not.Null, text);
        }
    }

    private static Subject Orders =>
        Subject.TryParse("orders.new", out var subject, out _) ? subject : throw new InvalidOperationException();

    private static string Header(string algorithm) => $$"""{"alg":{{algorithm}},"kid":"one","typ":"JWT"}""";

    private static string Text(IEnumerable<(string Name, string Value)> claims) =>
        $"{{{string.Join(',', claims.Select(static claim => $"\"{claim.Name}\":{claim.Value}"))}}}";

    private static string Sign(ECDsa key, string header, string payload)
    {
        var text = $"{Base64UrlEncoder.Encode(header)}.{Base64UrlEncoder.Encode(payload)}";
        return $"{text}.{Base64UrlEncoder.Encode(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }

    // What stands there at all; of equal names any.
    private void Judge(List<(string Name, string Value)> claims, Caller caller, string text)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ValuesOf("iss"), Has.Some.EqualTo("\"local\""), text);
            Assert.That(ValuesOf("aud"), Has.Some.Contains("\"httpmq\""), text);
            Assert.That(ValuesOf("exp").Concat(ValuesOf("\\u0065xp")).Any(value => IsAfter(value, _now - 31)), Is.True, text);
            Assert.That(ValuesOf("sub").Select(JsonText), Has.Some.EqualTo(caller.Name), text);
            if (ValuesOf("nbf") is [var begin])
            {
                Assert.That(IsAfter(begin, _now + 60), Is.False, text);
            }

            if (caller.CheckPublish(Orders) is null)
            {
                Assert.That(text, Does.Contain("\"writer\"").Or.Contain("orders.>"), text);
            }
        }

        string[] ValuesOf(string name) => [.. claims.Where(claim => claim.Name == name).Select(static claim => claim.Value)];
    }

    private static bool IsAfter(string value, long second) =>
        double.TryParse(value.Trim('"'), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > second;

    private static string? JsonText(string value)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(value);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private List<(string Name, string Value)> Claims() =>
    [
        ("iss", "\"local\""), ("aud", "\"httpmq\""), ("exp", $"{_now + 3600}"), ("sub", "\"alice\""), ("roles", "[\"writer\"]"),
    ];

    private void Damage(List<(string Name, string Value)> claims)
    {
        var at = _random.Next(claims.Count);
        switch (_random.Next(6))
        {
            case 0 when claims.Count > 1:
                claims.RemoveAt(at);
                break;
            case 1:
                claims.Insert(_random.Next(claims.Count + 1), (claims[at].Name, Pick(Values)));
                break;
            case 2:
                claims.Insert(_random.Next(claims.Count + 1), (Pick(Names), Pick(Values)));
                break;
            case 3:
                var depth = Pick(1, 60, 63, 64, 65, 500);
                claims[at] = (claims[at].Name, new string('[', depth) + claims[at].Value + new string(']', depth));
                break;
            case 4:
                claims[at] = (claims[at].Name, $"{_now + Pick(-3600L, -29, -31, 29, 31, 100_000_000_000L, -_now, 5_000_000_000_000L)}");
                break;
            default:
                claims[at] = (claims[at].Name, Pick(Values));
                break;
        }
    }

    private string DamageText(string text) => _random.Next(5) switch
    {
        0 => text[..^1],
        1 => $"[{text}]",
        2 => "\uFEFF" + text,
        3 => text + Pick("x", "\0", "{}", " "),
        _ => text.Replace("\"", Pick("'", "“", "\""), StringComparison.Ordinal),
    };

    private string Forge()
    {
        var more = string.Concat(Enumerable.Range(0, _random.Next(3)).Select(_ => $",{Pick(Headers)}"));
        var header = Pick(
            $$"""{"alg":{{Pick(Algorithms)}}{{more}}}""",
            $$"""{"alg":{{Pick(Algorithms)}},"kid":"one"{{more}}}""",
            $$"""{"alg":{{Pick(Algorithms)}},"kid":"{{new string('k', Pick(1, 300, 9000))}}"}""",
            new string('[', Pick(1, 70, 3000)), "{", "null", "\"ES256\"", "");
        var payload = Text(Claims());
        var good = Sign(_key, Header("\"ES256\""), payload).Split('.');
        var (head, body) = (Base64UrlEncoder.Encode(header), Base64UrlEncoder.Encode(payload));
        return _random.Next(9) switch
        {
            // By somebody else's key, whatever the header says.
            0 => Sign(_other, header, payload),
            1 => $"{head}.{body}.{good[2]}",
            2 => $"{head}.{body}.",
            3 => $"{head}.{body}.{Base64UrlEncoder.Encode(Mac($"{head}.{body}"))}",
            4 => $"{good[0]}.{Base64UrlEncoder.Encode(Text([.. Claims(), ("roles", Pick(Values))]))}.{good[2]}",
            5 => $"{good[0]}.{good[1]}.{Base64UrlEncoder.Encode(NoSignature(good[2]))}",
            6 => string.Join('.', good.SelectMany(part => Enumerable.Repeat(part, _random.Next(3)))) is var parts
                && parts != string.Join('.', good) ? parts : "eyJ..",
            7 => string.Join('.', Enumerable.Range(0, 5).Select(_ => Pick(good[0], good[1], good[2], head, ""))),
            _ => "eyJ" + AnyText() + "." + AnyText() + "." + AnyText(),
        };
    }

    // The public key as a secret.
    private byte[] Mac(string text) => HMACSHA256.HashData(File.ReadAllBytes(_file), Encoding.ASCII.GetBytes(text));

    private byte[] NoSignature(string good)
    {
        var bytes = Base64UrlEncoder.DecodeBytes(good);
        switch (_random.Next(5))
        {
            case 0:
                return new byte[Pick(0, 1, SignatureBytes, 72)];
            case 1:
                bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
                return bytes;
            case 2:
                return bytes[..^_random.Next(1, bytes.Length)];
            case 3:
                return [.. bytes, .. new byte[_random.Next(1, 70)]];
            default:
                return [.. Enumerable.Repeat((byte)0xFF, SignatureBytes)];
        }
    }

    private string AnyText()
    {
        var length = Pick(0, 1, 3, 47, 511, 512, 513, 5000);
        var text = new StringBuilder();
        while (text.Length < length)
        {
            text.Append(Characters[_random.Next(Characters.Length)]);
        }

        return text.ToString();
    }

    private async Task<Identification> TryAsync(string token, string what)
    {
        try
        {
            var found = await ShowAsync(token);
            Assert.That(found.Caller is null, Is.Not.EqualTo(found.Refusal is null), what);
            return found;
        }
        catch (Exception exception) when (exception is not AssertionException)
        {
            throw new AssertionException($"{JsonSerializer.Serialize(what)} {exception}", exception);
        }
    }

    private async Task<Identification> ShowAsync(string token)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = $"Bearer {token}";
        return await _callers.IdentifyAsync(context);
    }

    private T Pick<T>(params T[] from) => from[_random.Next(from.Length)];
}

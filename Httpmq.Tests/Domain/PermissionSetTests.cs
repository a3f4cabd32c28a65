using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;

namespace Httpmq.Tests.Domain;

/// <summary>The name of a principal in a rule, and who has decided.</summary>
internal sealed class PermissionSetTests
{
    private static readonly AccessRule Own = new(Right.Read, Allows: true, "orders.${name}.>", "line 1");
    private static readonly AccessRule NotOwn = new(Right.Read, Allows: false, "orders.${name}.>", "line 2");
    private static readonly AccessRule All = new(Right.Read, Allows: true, ">", "line 3");

    [Test]
    public void Read_RuleWithThePrincipalsName_IsForItsSubjectsAlone()
    {
        var permissions = new PermissionSet("shop", [Own]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(permissions.Read("orders.shop.1"), Is.True);
            Assert.That(permissions.Read("orders.shop2.1"), Is.False);
            Assert.That(permissions.Read("orders.${name}.1"), Is.False);
            Assert.That(permissions.ReadAll(FilterOf("orders.*.1")), Is.False);
        }
    }

    [TestCase("*")]
    [TestCase(">")]
    [TestCase("a.b")]
    [TestCase("shop.>")]
    [TestCase("a b")]
    [TestCase("")]
    [TestCase("é")]
    [TestCase("${name}")]
    [TestCase(null)]
    public void Read_NameThatIsNoToken_PermitsNothingAndDeniesEverything(string? name)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new PermissionSet(name, [Own]).ReadsSome, Is.False);
            Assert.That(new PermissionSet(name, [Own]).Read($"orders.{name}.1"), Is.False);
            Assert.That(new PermissionSet(name, [NotOwn, All]).Read("orders.x"), Is.False);
            Assert.That(new PermissionSet("shop", [NotOwn, All]).Read("orders.x"), Is.True);
        }
    }

    [TestCase("*")]
    [TestCase("a/b")]
    public void Consume_NameThatIsNoName_PermitsNothingAndDeniesEverything(string name)
    {
        var own = new AccessRule(Right.Consume, Allows: true, "ORDERS/${name}", "line 1");
        var (stream, consumer) = (StreamName.OfExisting("ORDERS"), ConsumerName.OfExisting("b"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(new PermissionSet(name, [own]).Consume(stream, consumer), Is.False);
            Assert.That(
                new PermissionSet(name, [own with { Allows = false }, own with { Pattern = "*/*" }]).Consume(stream, consumer), Is.False);
            Assert.That(new PermissionSet("b", [own]).Consume(stream, consumer), Is.True);
        }
    }

    [Test]
    public void Decide_DenialOfOneRole_BeatsWhatAnotherAllows()
    {
        var denial = All with { Allows = false, Pattern = "orders.audit.>", Origin = "line 9" };

        var decision = new PermissionSet("shop", [All, denial]).DecideRead(FilterOf("orders.*.1"));

        Assert.That(decision, Is.EqualTo(new AccessDecision(IsPermitted: false, denial)));
    }

    [Test]
    public void Decide_Permitted_NamesTheRule() =>
        Assert.That(new PermissionSet("shop", [Own, All]).DecideRead(FilterOf("orders.shop.1")).Rule, Is.EqualTo(Own));

    [TestCase(Right.Publish, "orders.>", null)]
    [TestCase(Right.Publish, "orders.${name}", null)]
    [TestCase(Right.Read, "orders.w-${name}.*", null)]
    [TestCase(Right.Read, "orders..x", "has an empty token (tokens are split by '.')")]
    [TestCase(Right.Consume, "ORDERS/w-*", null)]
    [TestCase(Right.Consume, "ORDERS", "is not STREAM/CONSUMER, such as ORDERS/w-*")]
    [TestCase(Right.Consume, "A/B/C", "is not STREAM/CONSUMER, such as ORDERS/w-*")]
    [TestCase(Right.Admin, "*", null)]
    [TestCase(Right.Admin, ">", "has a name that is not 1 to 255 of the characters A-Z a-z 0-9 - _, with * for any characters")]
    [TestCase(Right.Admin, "A/B", "is not the name of a stream, * for any characters")]
    public void Pattern_OfARight_IsValidOrNot(Right right, string pattern, string? reason) =>
        Assert.That(AccessRule.ReasonAgainst(right, pattern), Is.EqualTo(reason));

    private static SubjectFilter FilterOf(string text)
    {
        Assert.That(SubjectFilter.TryParse(text, out var filter, out _), Is.True);
        return filter;
    }
}

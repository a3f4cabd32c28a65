namespace Httpmq.Tests.Support;

/// <summary>An answer that a test holds to something.</summary>
internal sealed record Checked(GatewayAnswer Answer)
{
    /// <summary>It has the status, and its detail contains the words.</summary>
    public Checked Expect(int status, string? detail = null)
    {
        Assert.That((int)Answer.Status, Is.EqualTo(status), Answer.ToString());
        if (detail is not null)
        {
            Assert.That(Answer.Detail, Does.Contain(detail));
        }

        return this;
    }

    /// <summary>Its error is of this type.</summary>
    public void Type(string type) => Assert.That((string)Answer.Body["error"]!["type"]!, Is.EqualTo(type));
}
